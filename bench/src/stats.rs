//! Medians, and how numbers are written in the tables.

/// Several measurements of one thing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, value: f64) {
        let place = self.0.partition_point(|other| *other < value);
        self.0.insert(place, value);
    }

    /// The middle one; the mean of the two middle ones when their number is even; 0 of none.
    pub(crate) fn median(&self) -> f64 {
        let upper = self.0.get(self.0.len() / 2).copied().unwrap_or_default();
        let lower = self.0.get(self.0.len().saturating_sub(1) / 2).copied().unwrap_or_default();
        f64::midpoint(lower, upper)
    }

    /// The value that so many percent of the samples are at or below; 0 of none.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    pub(crate) fn smallest(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    pub(crate) fn largest(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }

    /// `1.23 (1.20-1.31)`: the median, and the range when it was measured more than once.
    pub(crate) fn show(&self, decimals: usize) -> String {
        if self.0.len() < 2 {
            return format!("{:.decimals$}", self.median());
        }
        let (median, low, high) = (self.median(), self.smallest(), self.largest());
        format!("{median:.decimals$} ({low:.decimals$}-{high:.decimals$})")
    }
}

impl Extend<f64> for Samples {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut samples = Self::default();
        samples.extend(values);
        samples
    }
}

/// Bytes in units of a million, which the tables call MB.
#[expect(clippy::cast_precision_loss, reason = "a measurement is not exact to 53 bits")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The same of several.
pub(crate) fn all_megabytes(bytes: impl IntoIterator<Item = u64>) -> Samples {
    bytes.into_iter().map(megabytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let of = |values: &[f64]| values.iter().copied().collect::<Samples>().median();
        assert!((of(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((of(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!((of(&[7.0]) - 7.0).abs() < 1e-9);
        assert!(of(&[]).abs() < 1e-9);
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let samples: Samples = (1..=200).map(f64::from).collect();
        for (percent, value) in [(1, 2.0), (50, 100.0), (99, 198.0), (100, 200.0)] {
            assert!((samples.percentile(percent) - value).abs() < 1e-9, "{percent}");
        }
        assert!(Samples::default().percentile(50).abs() < 1e-9);
    }

    #[test]
    fn a_range_is_shown_when_there_is_one() {
        let samples: Samples = [1.26, 1.0, 1.1].into_iter().collect();
        assert_eq!(samples.show(1), "1.1 (1.0-1.3)");
        assert_eq!(Samples::from_iter([2.0]).show(2), "2.00");
    }
}
