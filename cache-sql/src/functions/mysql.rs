//! The functions of MySQL and MariaDB.

/// Functions that read nothing but their arguments.
///
/// What depends on the locale, the time zone or another setting of the connection is not among them.
pub(super) const PURE: &str = " abs acos adddate addtime ascii asin atan atan2 avg bin bin_to_uuid bit_and bit_count bit_length \
bit_or bit_xor cast ceil ceiling char char_length character_length chr coalesce concat concat_ws conv convert cos cot count crc32 \
crc32c cume_dist date date_add date_sub datediff day dayofmonth dayofweek dayofyear degrees dense_rank elt exists exp \
export_set field find_in_set first_value floor from_base64 from_days greatest group_concat grouping hex hour if ifnull \
inet6_aton inet6_ntoa inet_aton inet_ntoa insert instr interval is_ipv4 is_ipv6 is_uuid isnull jsonb lag last_day \
last_value lcase lead least left length ln locate log log10 log2 lower lpad ltrim make_set makedate maketime max md5 median \
microsecond mid min minute mod month nth_value ntile nullif nvl nvl2 oct octet_length ord percent_rank percentile_cont \
percentile_disc period_add period_diff pi point position pow power quarter quote radians rank repeat replace reverse right \
round row row_number rpad rtrim sec_to_time second sha sha1 sha2 sign sin soundex space sqrt std stddev stddev_pop \
stddev_samp strcmp subdate substr substring substring_index subtime sum tan time_format time_to_sec timediff timestampadd \
timestampdiff to_base64 to_days to_seconds trim truncate ucase unhex upper uuid_to_bin values var_pop var_samp variance \
weekday weekofyear year yearweek ";

/// Families of functions that read nothing but their arguments.
pub(super) const FAMILIES: [&str; 4] = ["json_", "regexp_", "st_", "mbr"];

/// Functions that read a setting unless they have so many arguments.
pub(super) const CONFIGURED: [(&str, usize); 1] = [("week", 2)];

/// Whether a format of `DATE_FORMAT` spells no names, which have a language.
pub(super) fn is_numeric_format(format: &str) -> bool {
    !["%M", "%W", "%a", "%b"].iter().any(|name| format.contains(name))
}
