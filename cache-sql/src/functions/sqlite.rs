//! The functions of SQLite.

/// Functions of SQLite and of standard SQL that read nothing but their arguments.
pub(super) const PURE: &str = " abs acos acosh asin asinh atan atan2 atanh avg bit_and bit_or bm25 bool_and bool_or cast ceil ceiling \
char char_length character_length coalesce concat concat_ws cos cosh count cume_dist decode degrees dense_rank exp \
first_value floor format glob greatest group_concat hex highlight ifnull iif instr json json_agg json_array \
json_array_length json_each json_error_position json_extract json_group_array json_group_object json_insert \
json_object json_patch json_pretty json_quote json_remove json_replace json_set json_tree json_type json_valid jsonb \
jsonb_agg jsonb_array jsonb_each jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object \
jsonb_patch jsonb_remove jsonb_replace jsonb_set jsonb_tree lag last_value lead least left length like likelihood \
likely ln log log10 log2 lower lpad ltrim max md5 median min mod nth_value ntile nullif octet_length percent_rank \
percentile percentile_cont percentile_disc pi pow power printf quote radians rank repeat replace reverse right round row_number rpad \
rtrim sign sin sinh snippet soundex split_part sqrt stddev stddev_pop stddev_samp string_agg strpos substr substring \
sum tan tanh total trim trunc truncate typeof unhex unicode unistr unistr_quote unlikely upper var_pop var_samp variance zeroblob \
array_agg array_length every extract generate_series unnest if date_trunc date_part ";

/// SQLite's functions of date and time, which are pure as long as they are not asked about *now*.
pub(super) const CALENDAR: [&str; 7] = ["date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"];
