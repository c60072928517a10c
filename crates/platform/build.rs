//! A new migration is a new build: the macro that embeds them watches only the files that it knew.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
