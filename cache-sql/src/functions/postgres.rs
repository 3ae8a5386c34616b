//! The functions of PostgreSQL and of its usual extensions.

/// Functions that read nothing but their arguments.
///
/// What depends on the time zone, the locale or another setting of the connection is not among them. Conversions to text
/// are, as is every value that comes back as text: connections that share a cache are expected to share these settings.
pub(super) const PURE: &str = " abs acos acosd acosh akeys ascii asin asind asinh atan atan2 atan2d atand atanh avals avg \
bit_and bit_count bit_length bit_or bit_xor bool_and bool_or broadcast btrim bound_box cardinality cbrt ceil ceiling \
char_length character_length chr coalesce concat concat_ws convert_from convert_to corr cos cosd cosh cot cotd count \
covar_pop covar_samp cume_dist date_bin daterange datemultirange decode degrees dense_rank difference digest div dmetaphone \
encode erf erfc every exp factorial family first_value floor format gcd get_bit get_byte greatest grouping hmac host \
hostmask initcap inet_merge inet_same_family int4multirange int4range int8multirange int8range isempty isfinite \
justify_days justify_hours justify_interval lag last_value lca lcm lead least left length levenshtein \
levenshtein_less_equal ln log log10 lower lower_inc lower_inf lpad ltrim make_date make_interval make_time make_timestamp \
masklen max md5 metaphone min min_scale mod mode netmask network nlevel normalize nth_value ntile nullif num_nonnulls \
num_nulls nummultirange numnode numrange octet_length overlay parse_ident percent_rank percentile_cont percentile_disc pi \
position power quote_ident quote_literal quote_nullable radians range_agg range_intersect_agg range_merge rank repeat replace \
reverse right round row row_number row_to_json rpad rtrim scale set_bit set_byte set_masklen setweight sha224 sha256 sha384 \
sha512 show_trgm sign similarity sin sind sinh slice soundex split_part sqrt starts_with stddev stddev_pop stddev_samp \
strict_word_similarity string_agg string_to_array string_to_table strip strpos subltree subpath substr substring sum tan tand \
tanh text text2ltree to_ascii to_date to_hex to_json to_jsonb translate trim trim_array trim_scale trunc ts_delete ts_filter \
ts_rank ts_rank_cd tsmultirange tsquery_phrase tsrange tstzmultirange tstzrange tsvector_to_array unaccent unistr unnest upper \
upper_inc upper_inf var_pop var_samp variance width_bucket word_similarity xmlagg xmlconcat xmlelement xmlforest \
generate_series generate_subscripts ltree hstore any all array exists ";

/// Families of functions that read nothing but their arguments.
pub(super) const FAMILIES: [&str; 6] = ["json_", "jsonb_", "array_", "regexp_", "regr_", "st_"];

/// Functions that read a setting unless they have so many arguments.
pub(super) const CONFIGURED: [(&str, usize); 6] = [
    ("to_tsvector", 2),
    ("to_tsquery", 2),
    ("plainto_tsquery", 2),
    ("phraseto_tsquery", 2),
    ("websearch_to_tsquery", 2),
    ("ts_headline", 4),
];

/// Whether a text names a moment relative to now when it is read as a date or a time.
pub(super) fn says_now(text: &str) -> bool {
    let relative = |word: &str| matches!(word, "now" | "today" | "tomorrow" | "yesterday");
    let text = text.to_ascii_lowercase();
    let mut words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    // Beside it there may be a time of day and a zone.
    words.clone().any(relative)
        && words.all(|word| word.len() <= 5 || word.contains(|c: char| c.is_ascii_digit()) || relative(word))
}
