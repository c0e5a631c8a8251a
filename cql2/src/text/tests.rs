//! Filters in text: how they are read and written, what is refused and in which words. The filters under "standard" are the examples
//! of OGC 21-065r2.

use crate::Filter;

/// A text, and how it is written out: with the parentheses that the tree needs, so that this tells how it was read.
pub(super) const WRITTEN: &[(&str, &str)] = &[
    ("a=1 or b=2 and not c=3", "a = 1 OR b = 2 AND NOT c = 3"),
    ("(a=1 OR b=2) AND c=3", "(a = 1 OR b = 2) AND c = 3"),
    ("(a=1 AND b=2) AND c=3", "(a = 1 AND b = 2) AND c = 3"),
    ("((a)) = ((1))", "a = 1"),
    ("NOT (a=1 AND b=2)", "NOT (a = 1 AND b = 2)"),
    ("NOT NOT a=1", "NOT (NOT a = 1)"),
    ("NOT a LIKE 'x%'", "a NOT LIKE 'x%'"),
    ("a is not null", "a IS NOT NULL"),
    ("not a in (1)", "a NOT IN (1)"),
    ("a between b - 1 and b + 1", "a BETWEEN b - 1 AND b + 1"),
    ("a BETWEEN 1 AND 2 AND b = 1", "a BETWEEN 1 AND 2 AND b = 1"),
    (
        "a between timestamp('2020-01-01T00:00:00+01:00') and date('2020-01-02')",
        "a BETWEEN TIMESTAMP('2019-12-31T23:00:00Z') AND DATE('2020-01-02')",
    ),
    ("(a=1) IS NULL", "(a = 1) IS NULL"),
    // Arithmetic: products before sums, both from left to right; exponents from right to left; signs first.
    ("a = 1-2-3", "a = 1 - 2 - 3"),
    ("a = 1-(2-3)", "a = 1 - (2 - 3)"),
    ("a = 1+2*3^2", "a = 1 + 2 * 3 ^ 2"),
    ("a = (1+2)*3", "a = (1 + 2) * 3"),
    ("a = 2^3^2", "a = 2 ^ (3 ^ 2)"),
    ("a = (2^3)^2", "a = (2 ^ 3) ^ 2"),
    ("a = 21 DIV 10 % 3", "a = 21 div 10 % 3"),
    ("a = -2^2", "a = -2 ^ 2"),
    ("a = -b", "a = -1 * b"),
    ("a = -(b+1)^2", "a = (-1 * (b + 1)) ^ 2"),
    ("a = 1 - -1", "a = 1 - -1"),
    ("a = --1", "a = 1"),
    ("a = +1.50", "a = 1.5"),
    ("a-1=b", "a - 1 = b"),
    ("a = -9223372036854775808", "a = -9223372036854775808"),
    ("a = 18446744073709551615", "a = 18446744073709551615"),
    // Names and literals.
    ("\"date\" = 'it''s'", "\"date\" = 'it''s'"),
    ("date = 1", "\"date\" = 1"),
    ("\"a b\"\"c\" = \"plain\"", "\"a b\"\"c\" = plain"),
    (r"a = '\n\\ \% \''", r"a = '\n\ \% '''"),
    // A backslash stays alone where it may.
    (r"a LIKE '10\%\_\\\\n'", r"a LIKE '10\%\_\\\\n'"),
    (r"a = '\d\\'", r"a = '\d\\'"),
    ("a = TRUE", "a = TRUE"),
    ("true", "TRUE"),
    ("f() and g(a, (1, 'b'), c = 1)", "f() AND g(a, (1, 'b'), c = 1)"),
    // Arrays: parentheses alone make one.
    ("A_EQUALS(a, ())", "A_EQUALS(a, ())"),
    ("a_containedby((1), ((1), (2)))", "A_CONTAINEDBY((1), ((1), (2)))"),
    ("A_CONTAINS(a, ((1+2)*3, (b)))", "A_CONTAINS(a, ((1 + 2) * 3, (b)))"),
    // Times.
    ("T_AFTER(a, INTERVAL('..', '2020-01-01'))", "T_AFTER(a, INTERVAL('..', '2020-01-01'))"),
    (
        "t_finishedby(interval(a, f(b)), interval('2020-01-01', '..'))",
        "T_FINISHEDBY(INTERVAL(a, f(b)), INTERVAL('2020-01-01', '..'))",
    ),
    ("T_EQUALS(INTERVAL('..','..'), a)", "T_EQUALS(INTERVAL('..', '..'), a)"),
    // Geometries.
    ("S_EQUALS(POINT Z(1 2 3), POINT(-1.5 +2e0))", "S_EQUALS(POINT Z(1 2 3), POINT(-1.5 2))"),
    (
        "S_WITHIN(MULTIPOINT(7 50,10 51), MULTIPOINT((7 50),(10 51)))",
        "S_WITHIN(MULTIPOINT((7 50), (10 51)), MULTIPOINT((7 50), (10 51)))",
    ),
    (
        "S_TOUCHES(g, POLYGON((0 0,1 0,1 1,0 0),(0.1 0.1,0.2 0.1,0.2 0.2,0.1 0.1)))",
        "S_TOUCHES(g, POLYGON((0 0, 1 0, 1 1, 0 0), (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.1)))",
    ),
    (
        "S_CROSSES(g, MULTILINESTRING((0 0,1 1),(2 2,3 3)))",
        "S_CROSSES(g, MULTILINESTRING((0 0, 1 1), (2 2, 3 3)))",
    ),
    (
        "S_OVERLAPS(g, MULTIPOLYGON(((0 0,1 0,1 1,0 0))))",
        "S_OVERLAPS(g, MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0))))",
    ),
    (
        "S_DISJOINT(g, GEOMETRYCOLLECTION(POINT(1 2), GEOMETRYCOLLECTION(LINESTRING Z (0 0 0,1 1 1))))",
        "S_DISJOINT(g, GEOMETRYCOLLECTION(POINT(1 2), GEOMETRYCOLLECTION(LINESTRING Z(0 0 0, 1 1 1))))",
    ),
    (
        "S_INTERSECTS(bbox(160.6,-55.95,-170,-25.89), BBOX(1,2,3,4,5,6))",
        "S_INTERSECTS(BBOX(160.6, -55.95, -170, -25.89), BBOX(1, 2, 3, 4, 5, 6))",
    ),
    // standard
    ("city='Toronto'", "city = 'Toronto'"),
    ("avg(windSpeed) < 4", "avg(windSpeed) < 4"),
    ("balance-150.0 > 0", "balance - 150.0 > 0"),
    ("updated >= date('1970-01-01')", "updated >= DATE('1970-01-01')"),
    ("geometry IS NOT NULL", "geometry IS NOT NULL"),
    ("name LIKE 'Smith%'", "name LIKE 'Smith%'"),
    ("depth BETWEEN 100.0 and 150.0", "depth BETWEEN 100.0 AND 150.0"),
    ("cityName IN ('Toronto','New York')", "cityName IN ('Toronto', 'New York')"),
    ("category NOT IN (1,2,3,4)", "category NOT IN (1, 2, 3, 4)"),
    (
        "CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))",
        "CASEI(road_class) IN (CASEI('Οδος'), CASEI('Straße'))",
    ),
    ("ACCENTI(etat_vol) = ACCENTI('débárquér')", "ACCENTI(etat_vol) = ACCENTI('débárquér')"),
    (
        "CASEI(geophys:SURVEY_NAME) LIKE CASEI('%calcutta%')",
        "CASEI(geophys:SURVEY_NAME) LIKE CASEI('%calcutta%')",
    ),
    ("NOT \"value\" BETWEEN 10 AND 20", "value NOT BETWEEN 10 AND 20"),
    (
        "T_DURING(INTERVAL(starts_at, ends_at), INTERVAL('2005-01-10', '2010-02-10'))",
        "T_DURING(INTERVAL(starts_at, ends_at), INTERVAL('2005-01-10', '2010-02-10'))",
    ),
    (
        "A_CONTAINS(layer:ids, (\"layers-ca\",\"layers-us\"))",
        "A_CONTAINS(layer:ids, (\"layers-ca\", \"layers-us\"))",
    ),
    ("S_WITHIN(road,Buffer(geometry,10,'m'))", "S_WITHIN(road, Buffer(geometry, 10, 'm'))"),
    ("vehicle_height > (bridge_clearance-1)", "vehicle_height > bridge_clearance - 1"),
    (
        "pop_other between 4000000/4 and (3*(900000+100000))",
        "pop_other BETWEEN 4000000 / 4 AND 3 * (900000 + 100000)",
    ),
    (
        "(NOT (start IS NULL) AND a=1) OR (b=2 and c=3) or not (d=4 OR e=5)",
        "start IS NOT NULL AND a = 1 OR b = 2 AND c = 3 OR NOT (d = 4 OR e = 5)",
    ),
];

#[test]
fn filters_are_read_as_the_grammar_has_them() {
    for (text, written) in WRITTEN {
        let filter = Filter::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.to_text(), *written, "{text}");
        assert_eq!(Filter::from_text(written).as_ref(), Ok(&filter), "{text}");
    }
}

/// A text, and what is wrong with it.
const WRONG: &[(&str, &str)] = &[
    ("", "at byte 0: expected a value, a property or a function, found the end of the filter"),
    ("a = ", "at byte 4: expected a value, a property or a function, found the end of the filter"),
    ("a", "at byte 0: expected a predicate, found a property"),
    ("a = 1 b", "at byte 6: expected AND, OR or the end of the filter, found \"b\""),
    ("a = 1 = 2", "at byte 6: expected AND, OR or the end of the filter, found \"=\""),
    ("a AND b = 1", "at byte 0: expected a predicate, found a property"),
    ("a = 1 AND 5", "at byte 10: expected a predicate, found a number"),
    ("NOT 'x'", "at byte 4: expected a predicate, found a text"),
    ("(a = 1", "at byte 6: expected \")\", found the end of the filter"),
    ("a = (1, 2)", "at byte 6: expected \")\", found \",\""),
    ("a = AND", "at byte 4: expected a value, a property or a function, found \"AND\""),
    ("a NOT = 1", "at byte 6: expected LIKE, BETWEEN or IN, found \"=\""),
    ("a IS 1", "at byte 5: expected NULL or NOT NULL, found the number 1"),
    ("a IS NOT 1", "at byte 9: expected NULL, found the number 1"),
    ("a LIKE b", "at byte 7: expected a text, alone or in CASEI or ACCENTI, found a property"),
    ("1 LIKE 'b'", "at byte 0: expected a text, a property or a function, found a number"),
    ("a IN ()", "at byte 6: expected a value, a property or a function, found \")\""),
    ("a IN 1", "at byte 5: expected \"(\", found the number 1"),
    ("a BETWEEN 1 OR 2", "at byte 12: expected AND, found \"OR\""),
    (
        "a + 'x' = 1",
        "at byte 4: expected a number, arithmetic, a property or a function, found a text",
    ),
    ("a = +b", "at byte 5: expected a number, found \"b\""),
    ("a ; b", "at byte 2: expected a name, a value or an operator, found \";\""),
    ("a = 1 /* x */", "at byte 7: expected a value, a property or a function, found \"*\""),
    (
        "DATE('2023-02-29') = a",
        "at byte 5: expected a date (YYYY-MM-DD), found the text '2023-02-29'",
    ),
    ("a = TIMESTAMP(b)", "at byte 14: expected a text with a date or a timestamp, found \"b\""),
    (
        "T_AFTER(a, 'x')",
        "at byte 11: expected a date, a timestamp, an interval, a property or a function, found a text",
    ),
    (
        "T_DURING(a, DATE('2020-01-01'))",
        "at byte 12: expected an interval, a property or a function, found a date",
    ),
    ("T_AFTER(a, INTERVAL('x', b))", "at byte 20: expected a date, a timestamp or '..', found 'x'"),
    (
        "T_AFTER(a, INTERVAL('2020-01-02', '2020-01-01'))",
        "at byte 11: the interval begins after it ends",
    ),
    ("T_AFTER(a)", "at byte 9: expected \",\", found \")\""),
    (
        "S_INTERSECTS(a, 'x')",
        "at byte 16: expected a geometry, a box, a property or a function, found a text",
    ),
    ("S_INTERSECTS(a, POINT(90 180))", "at byte 22: a latitude is from -90 to 90 degrees"),
    ("S_INTERSECTS(a, POINT(-180.5 0))", "at byte 22: a longitude is from -180 to 180 degrees"),
    ("S_INTERSECTS(a, POINT EMPTY)", "at byte 22: expected \")\", found \"EMPTY\""),
    ("S_INTERSECTS(a, LINESTRING(0 0))", "at byte 26: a line has two positions or more"),
    (
        "S_INTERSECTS(a, POLYGON((0 0,1 0,1 1,2 2)))",
        "at byte 23: a ring has four positions or more, and ends where it begins",
    ),
    ("S_INTERSECTS(a, BBOX(0,0,1))", "at byte 20: a box has four or six numbers"),
    ("S_INTERSECTS(a, GEOMETRYCOLLECTION(b))", "at byte 35: expected a geometry, found \"b\""),
    ("A_CONTAINS(a, 'x')", "at byte 14: expected an array, a property or a function, found a text"),
    ("CASEI(1) = 'x'", "at byte 6: expected a text, a property or a function, found a number"),
    (
        "a = INTERVAL('..', '..')",
        "at byte 4: expected a text, a number, a date, a timestamp, TRUE, FALSE, a property or a function, found an interval",
    ),
];

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, message) in WRONG {
        assert_eq!(Filter::from_text(text).unwrap_err().to_string(), *message, "{text}");
    }
}
