//! Fetching layers: connections that break, and layers of another length.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use flisthub_converter::image::{ImageError, ImageSource};

use super::content::Content;
use super::fake::{Fake, Reply, Request};
use super::{expect_whole, image, layer, source};

/// A registry whose answers for the second layer are made by `answer`, from the right answer and a count.
fn serve(
    answer: impl Fn(&Request, usize, Reply) -> Reply + Send + Sync + 'static,
) -> (Content, Fake) {
    let content = Content::image();
    let (held, big) = (content.clone(), content.layer(1));
    let count = AtomicUsize::new(0);
    let fake = Fake::start(move |request| {
        let right = held.answer(request);
        if request.path.ends_with(&big) {
            answer(request, count.fetch_add(1, SeqCst), right)
        } else {
            right
        }
    });
    (content, fake)
}

/// What reading the second layer comes to.
fn second(fake: &Fake) -> Result<Vec<u8>, String> {
    let source = source(fake, None);
    let image = image(&source).unwrap();
    layer(&source, &image, 1)
}

#[test]
fn a_layer_that_breaks_off_is_taken_up_where_it_broke() {
    let (content, fake) = serve(|_, count, right| match count {
        0 => right.cut(100_000),
        1 => right.cut(0),
        2 => right.cut(50_000),
        _ => right,
    });
    expect_whole(&source(&fake, None), &content);
    let ranges: Vec<Option<String>> = fake
        .asked()
        .iter()
        .filter(|request| request.path.ends_with(&content.layer(1)))
        .map(|request| request.header("range").map(str::to_owned))
        .collect();
    let from = |at: usize| Some(format!("bytes={at}-"));
    assert_eq!(ranges, [None, from(100_000), from(100_000), from(150_000)]);
}

#[test]
fn a_registry_that_is_away_for_a_while_is_waited_for() {
    let (content, fake) = serve(|_, count, right| match count {
        0 => right.cut(100_000),
        1..=5 => Reply::default().cut_off(),
        _ => right,
    });
    expect_whole(&source(&fake, None), &content);
}

#[test]
fn a_layer_that_breaks_off_is_lost_where_the_rest_cannot_be_had() {
    // The whole again; another part; nothing any more; nothing but breaks.
    type Answer = fn(usize, Reply) -> Reply;
    let answers: [Answer; 4] = [
        |_, _| Reply::new(200, vec![7; 300_000]),
        |_, right| {
            Reply::new(206, right.into_body()).with("Content-Range", "bytes 0-299999/300000")
        },
        |_, _| Reply::new(404, ""),
        |_, right| right.cut(10),
    ];
    for answer in answers {
        let (_, fake) = serve(
            move |_, count, right| {
                if count == 0 { right.cut(100_000) } else { answer(count, right) }
            },
        );
        let error = second(&fake).unwrap_err();
        assert!(error.contains("the connection broke off"), "{error}");
        assert!(fake.count("/v2/demo/app/blobs/") <= 7, "{:?}", fake.asked());
    }
}

#[test]
fn a_layer_of_another_length_is_refused() {
    type Answer = fn(Reply) -> Reply;
    let answers: [(Answer, &str); 4] = [
        (|_| Reply::new(200, vec![7; 299_999]), "has 299999 bytes, but the manifest says 300000"),
        (|_| Reply::new(200, vec![7; 300_001]), "has 300001 bytes, but"),
        (|_| Reply::new(200, vec![7; 299_999]).chunked(), "has 299999 bytes, but"),
        (|_| Reply::new(200, vec![7; 900_000]).chunked(), "has more bytes, but"),
    ];
    for (answer, expected) in answers {
        let (_, fake) = serve(move |_, _, _| answer(Reply::new(0, "")));
        let error = second(&fake).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn what_a_reader_learns_can_be_told_from_other_failures() {
    let (_, fake) = serve(|_, _, _| Reply::new(200, vec![7; 900_000]).chunked());
    let source = source(&fake, None);
    let image = image(&source).unwrap();
    let mut reader = source.layer(&image, 1).unwrap();
    let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ImageError>());
    assert_eq!(inner.unwrap().code(), "size_mismatch");
}

#[test]
fn a_layer_that_is_not_there_is_a_bad_answer() {
    let (_, fake) = serve(|_, _, _| Reply::new(404, r#"{"errors":[{"code":"BLOB_UNKNOWN"}]}"#));
    let source = source(&fake, None);
    let image = image(&source).unwrap();
    let error = source.layer(&image, 1).map(drop).unwrap_err();
    assert_eq!(error.code(), "bad_registry_answer");
    assert!(error.to_string().contains("404 Not Found, BLOB_UNKNOWN"), "{error}");
    assert_eq!(source.layer(&image, 2).map(drop).unwrap_err().code(), "bad_image");
}

#[test]
fn a_reader_that_stops_and_one_that_is_slow_do_no_harm() {
    let (content, fake) = serve(|_, _, right| right);
    let source = source(&fake, None);
    let image = image(&source).unwrap();
    let mut readers: Vec<_> = (0..20).map(|_| source.layer(&image, 1).unwrap()).collect();
    let mut bytes = [0; 10];
    for reader in &mut readers {
        reader.read_exact(&mut bytes).unwrap();
    }
    readers.truncate(1);
    assert_eq!(layer(&source, &image, 1).unwrap(), content.layers[1]);
    let mut rest = Vec::new();
    assert_eq!(readers[0].read_to_end(&mut rest).unwrap(), 299_990);
}
