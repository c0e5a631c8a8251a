//! Random filters and items, from a seed: of each kind of value, with properties that have it, have another one, or are
//! missing.

use serde_json::{Map, Value, json};

/// A stream of numbers (SplitMix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }

    /// A predicate in text, so deep at most.
    pub fn predicate(&mut self, depth: u32) -> String {
        if depth > 0 && self.below(2) == 0 {
            let (one, other) = (self.predicate(depth - 1), self.predicate(depth - 1));
            return match self.below(3) {
                0 => format!("({one} AND {other})"),
                1 => format!("({one} OR {other})"),
                _ => format!("NOT ({one})"),
            };
        }
        self.simple()
    }

    fn simple(&mut self) -> String {
        let not = self.of(&["", "NOT "]);
        match self.below(13) {
            0 | 1 => format!("{} {} {}", self.number(2), self.comparison(), self.number(2)),
            2 => format!("{} {} {}", self.text(1), self.comparison(), self.text(1)),
            3 => format!("{} {} {}", self.moment(), self.comparison(), self.moment()),
            4 => format!("b {} {}", self.of(&["=", "<>"]), self.of(&["TRUE", "FALSE", "b"])),
            5 => {
                const PATTERNS: [&str; 9] =
                    ["'%'", "'a%'", "'_b'", "'%B%'", "'str%'", "'50\\%'", "'%é%'", "'A_'", "''"];
                let (text, pattern) = (self.text(0), self.of(&PATTERNS));
                match self.below(4) {
                    0 => format!("CASEI({text}) {not}LIKE CASEI({pattern})"),
                    1 => format!("ACCENTI({text}) {not}LIKE ACCENTI({pattern})"),
                    _ => format!("{text} {not}LIKE {pattern}"),
                }
            }
            6 => {
                format!("{} {not}BETWEEN {} AND {}", self.number(1), self.number(0), self.number(0))
            }
            7 => format!("{} {not}IN ({}, {})", self.number(0), self.number(0), self.number(0)),
            8 => format!("{} {not}IN ({}, {})", self.text(0), self.text(1), self.text(0)),
            9 => {
                format!("{} IS {not}NULL", self.of(&["n", "s", "b", "day", "at", "tags", "place"]))
            }
            10 => self.spatial(),
            11 => self.temporal(),
            _ => {
                let name = self.of(&["A_EQUALS", "A_CONTAINS", "A_CONTAINEDBY", "A_OVERLAPS"]);
                format!("{name}({}, {})", self.array(), self.array())
            }
        }
    }

    fn comparison(&mut self) -> &'static str {
        self.of(&["=", "<>", "<", "<=", ">", ">="])
    }

    fn number(&mut self, depth: u32) -> String {
        if depth > 0 && self.below(2) == 0 {
            let operator = self.of(&["+", "-", "*", "/", "%", "div", "^"]);
            return format!("({} {operator} {})", self.number(depth - 1), self.number(depth - 1));
        }
        self.of(&["n", "n", "f", "0", "1", "2", "-3", "0.5", "2.5", "1e2", "9007199254740993"])
            .to_owned()
    }

    fn text(&mut self, depth: u32) -> String {
        if depth > 0 && self.below(3) == 0 {
            return format!("{}({})", self.of(&["CASEI", "ACCENTI"]), self.text(depth - 1));
        }
        const TEXTS: [&str; 12] = [
            "s",
            "s",
            "s",
            "'a'",
            "'ab'",
            "'AB'",
            "'Straße'",
            "'STRASSE'",
            "'é'",
            "'e'",
            "'Ø'",
            "'it''s'",
        ];
        self.of(&TEXTS).to_owned()
    }

    fn moment(&mut self) -> String {
        const MOMENTS: [&str; 8] = [
            "day",
            "at",
            "DATE('2020-01-01')",
            "DATE('2020-01-02')",
            "DATE('2020-01-03')",
            "TIMESTAMP('2020-01-02T00:00:00Z')",
            "TIMESTAMP('2020-01-02T12:00:00Z')",
            "TIMESTAMP('2020-01-03T00:00:00.25Z')",
        ];
        self.of(&MOMENTS).to_owned()
    }

    fn interval(&mut self) -> String {
        const STARTS: [&str; 5] = ["'..'", "day", "at", "'2020-01-01'", "'2020-01-02T00:00:00Z'"];
        const ENDS: [&str; 5] = ["'..'", "day", "at", "'2020-01-03'", "'2020-01-03T00:00:00Z'"];
        format!("INTERVAL({}, {})", self.of(&STARTS), self.of(&ENDS))
    }

    fn temporal(&mut self) -> String {
        const OF_ALL: [&str; 5] = ["T_AFTER", "T_BEFORE", "T_DISJOINT", "T_EQUALS", "T_INTERSECTS"];
        const OF_INTERVALS: [&str; 10] = [
            "T_CONTAINS",
            "T_DURING",
            "T_FINISHEDBY",
            "T_FINISHES",
            "T_MEETS",
            "T_METBY",
            "T_OVERLAPPEDBY",
            "T_OVERLAPS",
            "T_STARTEDBY",
            "T_STARTS",
        ];
        if self.below(2) == 0 {
            return format!("{}({}, {})", self.of(&OF_INTERVALS), self.interval(), self.interval());
        }
        let name = self.of(&OF_ALL);
        match self.below(3) {
            0 => format!("{name}({}, {})", self.moment(), self.moment()),
            1 => format!("{name}({}, {})", self.moment(), self.interval()),
            _ => format!("{name}({}, {})", self.interval(), self.moment()),
        }
    }

    fn spatial(&mut self) -> String {
        const PLACES: [&str; 9] = [
            "place",
            "place",
            "POINT(1 1)",
            "LINESTRING(0 0, 2 2)",
            "LINESTRING(0 0, 2 0)",
            "POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))",
            "MULTIPOINT((0 0), (1 1))",
            "BBOX(1, 1, 3, 3)",
            "BBOX(170, 0, 1, 3)",
        ];
        const NAMES: [&str; 8] = [
            "S_CONTAINS",
            "S_CROSSES",
            "S_DISJOINT",
            "S_EQUALS",
            "S_INTERSECTS",
            "S_OVERLAPS",
            "S_TOUCHES",
            "S_WITHIN",
        ];
        format!("{}({}, {})", self.of(&NAMES), self.of(&PLACES), self.of(&PLACES))
    }

    fn array(&mut self) -> String {
        self.of(&[
            "tags",
            "tags",
            "('a')",
            "('a', 'b')",
            "('b', 'a', 'a')",
            "(1, 2)",
            "('1')",
            "()",
        ])
        .to_owned()
    }

    /// What filters are evaluated with.
    pub fn item(&mut self) -> Map<String, Value> {
        let choices = [
            (
                "n",
                vec![json!(0), json!(1), json!(-7), json!(9_007_199_254_740_993_i64), json!("1")],
            ),
            ("f", vec![json!(0.5), json!(2.5), json!(-1.25), json!(2.0)]),
            (
                "s",
                vec![
                    json!("a"),
                    json!("ab"),
                    json!("Ab"),
                    json!("strasse"),
                    json!("é"),
                    json!("50%"),
                    json!("it's"),
                    json!(""),
                ],
            ),
            ("b", vec![json!(true), json!(false)]),
            ("day", vec![json!("2020-01-01"), json!("2020-01-02"), json!("2020-01-03")]),
            (
                "at",
                vec![
                    json!("2020-01-02T00:00:00Z"),
                    json!("2020-01-02T12:00:00Z"),
                    json!("2020-01-04T00:00:00Z"),
                ],
            ),
            (
                "tags",
                vec![
                    json!(["a"]),
                    json!(["b", "a"]),
                    json!([2, 1]),
                    json!([]),
                    json!(["a", "b", "c"]),
                ],
            ),
            (
                "place",
                vec![
                    json!({ "type": "Point", "coordinates": [1.0, 1.0] }),
                    json!({ "type": "LineString", "coordinates": [[0.0, 2.0], [2.0, 0.0]] }),
                    json!({ "type": "Polygon", "coordinates": [[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]] }),
                    json!({ "type": "Polygon", "coordinates": [[[1.0, 1.0], [3.0, 1.0], [3.0, 3.0], [1.0, 3.0], [1.0, 1.0]]] }),
                ],
            ),
        ];
        let mut item = Map::new();
        for (name, values) in choices {
            match self.below(8) {
                0 => {}
                1 => {
                    item.insert(name.to_owned(), Value::Null);
                }
                _ => {
                    let value = values[self.below(values.len() as u64) as usize].clone();
                    item.insert(name.to_owned(), value);
                }
            }
        }
        item
    }
}
