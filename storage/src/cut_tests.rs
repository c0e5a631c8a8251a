//! Golden vectors of the cut, and the proof that both ways of cutting agree.

#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "test lengths are small"
)]

use proptest::prelude::*;

use super::*;
use crate::chunk::MAX_CHUNK;

/// A stream that anyone can make again: BLAKE3's extendable output of a seed.
fn noise(seed: &str, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn lengths(cuts: &[Cut]) -> Vec<i64> {
    cuts.iter()
        .map(|cut| match cut {
            Cut::Data(bytes) => bytes.len() as i64,
            Cut::Hole(length) => -(*length as i64),
        })
        .collect()
}

fn stream(profile: Profile, content: &[u8], step: usize) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut cutter = profile.cutter();
    for part in content.chunks(step) {
        cutter.push(part, &mut |cut| cuts.push(cut));
    }
    cutter.finish(&mut |cut| cuts.push(cut));
    cuts
}

/// Frozen: these cut points decide what deduplicates with everything stored so far.
#[test]
fn cut_points_are_frozen() {
    let content = Bytes::from(noise("flisthub golden cut", 5 << 20));
    for profile in Profile::ALL {
        assert_eq!(profile.cut(&content), stream(profile, &content, 100_000));
    }
    assert_eq!(
        lengths(&Profile::Standard.cut(&content)),
        [
            319_659, 274_700, 280_197, 266_656, 189_931, 441_843, 337_647, 262_177, 251_698,
            572_054, 500_378, 415_887, 154_290, 709_298, 266_465
        ]
    );
    assert_eq!(
        lengths(&Profile::Fine.cut(&content.slice(..2 << 20))),
        [
            24_819, 73_888, 98_897, 122_055, 242_089, 32_611, 78_811, 97_427, 59_702, 44_257,
            146_309, 54_296, 66_051, 119_253, 66_889, 68_592, 48_696, 44_287, 97_650, 96_646,
            85_423, 79_593, 136_721, 71_245, 40_945
        ]
    );
}

#[test]
fn small_files_are_one_chunk_and_empty_ones_none() {
    for (profile, whole) in [(Profile::Standard, 512 << 10), (Profile::Fine, 128 << 10)] {
        assert_eq!(lengths(&profile.cut(&Bytes::new())), [0_i64; 0]);
        assert_eq!(lengths(&profile.cut(&noise("a", 1).into())), [1]);
        let chunks = |seed: &str, length| profile.cut(&noise(seed, length).into()).len();
        let seeds = ["a", "b", "c", "d"];
        assert!(seeds.iter().all(|seed| chunks(seed, whole) == 1));
        assert!(seeds.iter().any(|seed| chunks(seed, whole + 1) > 1), "{profile:?}");
    }
}

#[test]
fn holes_are_whole_zero_blocks_of_at_least_64_kib() {
    let hole = |before: usize, zeros: usize, after: usize| {
        let mut content = noise("b", before);
        content.resize(before + zeros, 0);
        content.extend(noise("c", after));
        let content = content.into();
        let cuts = Profile::ALL.map(|profile| lengths(&profile.cut(&content)));
        assert_eq!(cuts[0], cuts[1]);
        cuts[0].clone()
    };
    assert_eq!(hole(4096, MIN_HOLE, 10), [4096, -65536, 10]);
    assert_eq!(hole(4096, MIN_HOLE - 1, 10), [4096 + 65535 + 10]);
    // Not on a block's border: the first and last partial blocks are data.
    assert_eq!(hole(100, MIN_HOLE + 8192, 10), [4096, -69632, 10 + 100]);
    assert_eq!(hole(0, 1 << 20, 0), [-(1 << 20)]);
    // The block that ends the file may be short.
    assert_eq!(hole(4096, MIN_HOLE + 1, 0), [4096, -65537]);
}

#[test]
fn zeros_known_to_the_source_change_nothing() {
    let (head, tail) = (noise("d", 700_000), noise("e", 50_000));
    let zeros = 3_000_001;
    let mut content = head.clone();
    content.resize(head.len() + zeros, 0);
    content.extend(&tail);

    let content = content.into();

    for profile in Profile::ALL {
        let mut cuts = Vec::new();
        let mut cutter = profile.cutter();
        cutter.push(&head, &mut |cut| cuts.push(cut));
        cutter.push_zeros(zeros as u64, &mut |cut| cuts.push(cut));
        cutter.push(&tail, &mut |cut| cuts.push(cut));
        cutter.finish(&mut |cut| cuts.push(cut));
        assert_eq!(cuts, profile.cut(&content));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Runs of noise and zeros of lengths around every border, streamed in steps of any size.
    #[test]
    fn streaming_and_whole_agree(
        runs in prop::collection::vec(
            (any::<bool>(), prop_oneof![
                1_usize..9000,
                60_000_usize..70_000,
                100_000_usize..300_000,
                500_000_usize..2_600_000,
            ]),
            0..7,
        ),
        step in prop_oneof![1_usize..5000, 60_000_usize..2_000_000],
        profile in prop::sample::select(&Profile::ALL[..]),
    ) {
        let mut content = Vec::new();
        for (index, (data, length)) in runs.into_iter().enumerate() {
            if data {
                content.extend(noise(&index.to_string(), length));
            } else {
                content.resize(content.len() + length, 0);
            }
        }
        let content = Bytes::from(content);
        let whole = profile.cut(&content);
        prop_assert_eq!(&whole, &stream(profile, &content, step.max(content.len() / 500 + 1)));
        let most = profile.sizes().max;
        prop_assert!(most <= MAX_CHUNK);
        let mut joined = Vec::new();
        for cut in &whole {
            match cut {
                Cut::Data(bytes) => {
                    prop_assert!(!bytes.is_empty() && bytes.len() <= most);
                    joined.extend_from_slice(bytes);
                }
                Cut::Hole(length) => {
                    prop_assert!(*length >= MIN_HOLE as u64);
                    joined.resize(joined.len() + *length as usize, 0);
                }
            }
        }
        prop_assert_eq!(joined, content.to_vec());
    }
}
