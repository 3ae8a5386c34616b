//! How MariaDB spells functions in the definitions of views.

use cache_core::Table;

use crate::mariadb::MariaDb;
use crate::schema::Database;

/// A call of every function of MySQL and MariaDB that is known to be pure, over `sample`.
const CALLS: &str = "abs(n); acos(f); adddate(d, 1); adddate(d, INTERVAL 1 MONTH); addtime(m, '01:00:00'); ascii(s); asin(f); atan(f);
atan(f, 1); atan2(f, 1); avg(n); bin(n); bit_and(n); bit_count(n); bit_length(s); bit_or(n); bit_xor(n); cast(n AS char);
cast(s AS signed); cast(s AS decimal(5, 2)); cast(s AS date); cast(s AS binary); ceil(f); ceiling(f); char_length(s);
character_length(s); char(65, 66); chr(65); coalesce(s, 'x'); concat(s, 'x'); concat_ws(',', s, 'x'); conv(s, 16, 2); convert(s, char(3));
convert(s USING latin1); cos(f); cot(f); count(*); count(DISTINCT s); crc32(s); crc32c(s); date(m); date_add(d, INTERVAL 1 DAY);
datediff(d, m); day(d); dayofmonth(d); dayofweek(d); dayofyear(d); degrees(f);
elt(n, 'a', s); exists(SELECT 1 FROM sample i WHERE i.n = 1); exp(f); export_set(n, 'Y', 'N'); field(s, 'a', 'b'); find_in_set(s, 'a,b');
floor(f); from_base64(s); from_days(n); greatest(n, 1); group_concat(s ORDER BY n SEPARATOR ','); hex(s); hour(m); if(n, 1, 2); ifnull(s, 'x');
inet6_aton(s); inet6_ntoa(b); inet_aton(s); inet_ntoa(n); insert(s, 1, 2, 'x'); instr(s, 'a'); is_ipv4(s);
is_ipv6(s); isnull(s); last_day(d); lcase(s); least(n, 1); left(s, 2); length(s); ln(f); locate('a', s); log(f); log(2, f);
log10(f); log2(f); lower(s); lpad(s, 3, 'x'); ltrim(s); make_set(n, 'a', 'b'); makedate(n, 1); maketime(n, 1, 1); max(n); md5(s);
microsecond(m); mid(s, 1, 2); min(n); minute(m); mod(n, 2); n MOD 2; n DIV 2; month(d); nullif(n, 1); nvl(s, 'x'); nvl2(s, 'x', 'y'); oct(n);
octet_length(s); ord(s); period_add(n, 1); period_diff(n, 1); pi(); position('a' IN s); pow(n, 2); power(n, 2); quarter(d);
quote(s); radians(f); repeat(s, 2); replace(s, 'a', 'b'); reverse(s); right(s, 2); round(f); round(f, 1); rpad(s, 3, 'x'); rtrim(s);
sec_to_time(n); second(m); sha(s); sha1(s); sha2(s, 256); sign(n); sin(f); soundex(s); space(n); sqrt(f); std(n); stddev(n); stddev_pop(n);
stddev_samp(n); strcmp(s, 'a'); subdate(d, 1); subdate(d, INTERVAL 1 DAY); substr(s, 1); substr(s FROM 1 FOR 2); substring(s, 1, 2);
substring_index(s, ',', 1); subtime(m, '01:00:00'); sum(n); tan(f); time(m); time_format(m, '%H'); time_to_sec(m); timediff(m, m);
timestamp(d); timestampadd(MINUTE, 1, m); timestampdiff(MONTH, d, m); to_base64(s); to_days(d); to_seconds(d); trim(s); trim(LEADING 'x' FROM s);
trim(BOTH FROM s); truncate(f, 1); ucase(s); unhex(s); upper(s); var_pop(n); var_samp(n); variance(n); weekday(d); weekofyear(d);
week(d, 1); year(d); yearweek(d); yearweek(d, 1); extract(YEAR FROM d); date_format(m, '%Y-%m');
json_extract(s, '$.a'); json_value(s, '$.a'); json_object('a', n); json_arrayagg(n); json_contains(s, '1'); json_unquote(s); json_length(s);
regexp_replace(s, 'a', 'b'); regexp_instr(s, 'a'); regexp_substr(s, 'a'); s REGEXP 'a'; s RLIKE 'a'; s LIKE 'a%' ESCAPE '!'; s NOT LIKE 'a';
s SOUNDS LIKE 'a'; BINARY s; s COLLATE utf8mb4_bin; n IS TRUE; n <=> 1; n BETWEEN 1 AND 2; n IN (1, 2); n XOR 1; n || 1; n && 1; NOT n; !n; -n; ~n; n << 1;
n & 1; n ^ 1; CASE n WHEN 1 THEN 'a' ELSE 'b' END; d + INTERVAL 1 DAY; d - INTERVAL n DAY; row_number() OVER (ORDER BY n);
rank() OVER (ORDER BY n); dense_rank() OVER (ORDER BY n); percent_rank() OVER (ORDER BY n); cume_dist() OVER (ORDER BY n);
ntile(2) OVER (ORDER BY n); lag(n) OVER (ORDER BY n); lead(n) OVER (ORDER BY n); first_value(n) OVER (ORDER BY n);
last_value(n) OVER (ORDER BY n); nth_value(n, 2) OVER (ORDER BY n); median(f) OVER (PARTITION BY s);
percentile_cont(0.5) WITHIN GROUP (ORDER BY f) OVER (PARTITION BY s); percentile_disc(0.5) WITHIN GROUP (ORDER BY f) OVER (PARTITION BY s);
sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW); st_astext(st_geomfromtext('POINT(1 1)')); mbrequal(point(1, 1), point(1, 2));
st_distance(point(1, 1), point(1, 2)); 'a' 'b'; _latin1'a'; x'41'; 0x41; b'1'; DATE '2024-01-01'; TIMESTAMP '2024-01-01 00:00:00'; 1e3; NULL; TRUE";

#[test]
fn views_over_pure_functions_are_cached_as_mariadb_spells_them() {
    let Some(mut database) = MariaDb::start() else { return };
    database
        .run("CREATE TABLE sample (n int, f double, s varchar(9), b varbinary(16), d date, m datetime(6))")
        .unwrap();
    let calls: Vec<&str> = CALLS.split(';').map(str::trim).collect();
    let mut wrong = String::new();
    for (at, call) in calls.iter().enumerate() {
        if let Err(reason) = database.run(&format!("CREATE VIEW v{at} AS SELECT {call} AS x FROM sample")) {
            wrong.push_str(&format!("\n{call}: {reason}"));
        }
    }
    let catalogue = database.catalogue();
    for (at, call) in calls.iter().enumerate() {
        if let Some(reason) = catalogue.refusal(&Table::from(format!("v{at}"))) {
            let name = format!("SELECT view_definition FROM information_schema.views WHERE table_name = 'v{at}'");
            let spelt = database.rows(&name).unwrap();
            wrong.push_str(&format!("\n{call}: {reason}\n    {spelt:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
