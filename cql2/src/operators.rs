//! The operators and their names. Which expressions they take is `tree.rs`.

/// An enumeration of operators with the name that each has in JSON. In text, those that begin with a letter are
/// written in upper case, and read in any.
macro_rules! operators {
    ($(#[$about:meta])* $type:ident { $($(#[$each:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type {
            $($(#[$each])* $variant,)+
        }

        impl $type {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in JSON.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub(crate) fn from_json(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|operator| operator.name() == name)
            }

            pub(crate) fn from_text(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|operator| operator.name().eq_ignore_ascii_case(word))
            }
        }
    };
}

operators! {
    /// How two scalars compare.
    Comparison {
        /// Equal.
        Equal = "=",
        /// Not equal.
        NotEqual = "<>",
        /// Less, or before.
        Less = "<",
        /// Greater, or after.
        Greater = ">",
        /// Less or equal.
        LessOrEqual = "<=",
        /// Greater or equal.
        GreaterOrEqual = ">=",
    }
}

operators! {
    /// Arithmetic.
    Arithmetic {
        /// Addition.
        Add = "+",
        /// Subtraction.
        Subtract = "-",
        /// Multiplication.
        Multiply = "*",
        /// Division.
        Divide = "/",
        /// What a division of whole numbers leaves.
        Modulo = "%",
        /// Division without the fraction.
        IntegerDivide = "div",
        /// Exponentiation.
        Power = "^",
    }
}

operators! {
    /// How two geometries lie to one another, as DE-9IM has it.
    Spatial {
        /// The second is in the first.
        Contains = "s_contains",
        /// They share some inner points, and the shared is of a lower dimension.
        Crosses = "s_crosses",
        /// They share no point.
        Disjoint = "s_disjoint",
        /// They have the same points.
        Equals = "s_equals",
        /// They share a point.
        Intersects = "s_intersects",
        /// They share some inner points, of their own dimension.
        Overlaps = "s_overlaps",
        /// They share points of their boundaries alone.
        Touches = "s_touches",
        /// The first is in the second.
        Within = "s_within",
    }
}

operators! {
    /// How two times lie to one another, as the Time Ontology in OWL has it.
    Temporal {
        /// The first begins after the second ends.
        After = "t_after",
        /// The first ends before the second begins.
        Before = "t_before",
        /// The first begins before the second and ends after it.
        Contains = "t_contains",
        /// One is before the other.
        Disjoint = "t_disjoint",
        /// The first begins after the second and ends before it.
        During = "t_during",
        /// They begin and end together.
        Equals = "t_equals",
        /// They end together, and the first begins before.
        FinishedBy = "t_finishedBy",
        /// They end together, and the first begins after.
        Finishes = "t_finishes",
        /// Neither is before the other.
        Intersects = "t_intersects",
        /// The first ends where the second begins.
        Meets = "t_meets",
        /// The first begins where the second ends.
        MetBy = "t_metBy",
        /// The first begins within the second, and ends after it.
        OverlappedBy = "t_overlappedBy",
        /// The first begins before the second, and ends within it.
        Overlaps = "t_overlaps",
        /// They begin together, and the first ends after.
        StartedBy = "t_startedBy",
        /// They begin together, and the first ends before.
        Starts = "t_starts",
    }
}

impl Temporal {
    /// Whether the standard has it for instants as well; the others are for intervals alone.
    pub fn takes_instants(self) -> bool {
        matches!(
            self,
            Self::After | Self::Before | Self::Disjoint | Self::Equals | Self::Intersects
        )
    }
}

operators! {
    /// How two arrays lie to one another, taken as sets.
    ArrayRelation {
        /// The first has only what the second has.
        ContainedBy = "a_containedBy",
        /// The first has all that the second has.
        Contains = "a_contains",
        /// Both have the same.
        Equals = "a_equals",
        /// They have something in common.
        Overlaps = "a_overlaps",
    }
}
