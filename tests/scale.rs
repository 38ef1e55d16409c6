//! Law 8 at work: the requests of a plan do not grow with the number of objects.

#![cfg(feature = "sandbox")]

#[path = "../benches/bed.rs"]
mod bed;
#[path = "../benches/generate.rs"]
mod generate;

use std::path::Path;
use std::process::{Output, Stdio};

use bed::{Asked, Bed};
use generate::Size;

/// The most requests of a plan whose named webhooks fit on one page (design, budgets).
const BUDGET: usize = 9;

fn run(bed: &Bed, arguments: &[&str]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_spaceport"));
    bed.command(binary, arguments)
        .stdout(Stdio::piped())
        .output()
        .expect("the binary is built with the tests")
}

/// Applies a generated project, and returns what a plan of it asks after that.
async fn asked_by_a_second_plan(size: Size) -> Asked {
    let bed = Bed::make(Vec::new(), |folder| generate::write(folder, size)).await;
    let bed = bed.expect("there is a temporary folder");
    let apply = run(&bed, &["apply", "--yes"]);
    let said = String::from_utf8_lossy(&apply.stderr);
    assert_eq!(apply.status.code(), Some(0), "{said}");
    assert!(
        bed.asked().writes >= size.objects,
        "everything was created over HTTP"
    );
    let plan = run(&bed, &["plan", "--detailed-exitcode"]);
    let said = String::from_utf8_lossy(&plan.stdout);
    assert_eq!(
        plan.status.code(),
        Some(0),
        "there is nothing to do: {said}"
    );
    bed.asked()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_a_plan_do_not_grow_with_the_objects() {
    let small = asked_by_a_second_plan(Size {
        objects: 30,
        named_webhooks: 5,
    })
    .await;
    let large = asked_by_a_second_plan(Size {
        objects: 300,
        named_webhooks: 45,
    })
    .await;
    assert!(small.requests <= BUDGET, "{small:?}");
    assert_eq!(small.writes, 0);
    assert_eq!(large, small);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_fifty_named_webhooks_only_their_further_pages_are_asked_for() {
    let one_page = asked_by_a_second_plan(Size {
        objects: 60,
        named_webhooks: 50,
    })
    .await;
    let three_pages = asked_by_a_second_plan(Size {
        objects: 130,
        named_webhooks: 120,
    })
    .await;
    assert!(one_page.requests <= BUDGET, "{one_page:?}");
    assert_eq!(three_pages.requests, one_page.requests + 2);
    assert_eq!(three_pages.writes, 0);
}

#[test]
fn the_same_size_gives_the_same_bytes() {
    let size = Size {
        objects: 100,
        named_webhooks: 7,
    };
    let texts = [(); 2].map(|()| {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        generate::write(folder.path(), size).expect("the folder is writable");
        let mut paths = vec![folder.path().join("spaceport.yaml")];
        for part in std::fs::read_dir(folder.path()).expect("the folder is readable") {
            let part = part.expect("the folder is readable").path();
            if part.is_dir() {
                let files = std::fs::read_dir(part).expect("the folder is readable");
                paths.extend(files.map(|file| file.expect("the folder is readable").path()));
            }
        }
        paths.sort();
        paths
            .iter()
            .map(|path| std::fs::read_to_string(path).expect("the file is text"))
            .collect::<String>()
    });
    assert_eq!(texts[0], texts[1]);
    let documents = texts[0].lines().filter(|line| line.starts_with("kind: "));
    assert_eq!(documents.count(), 100);
}
