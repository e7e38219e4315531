//! What must not compile. The expected messages are those of the compiler that the workspace is developed with; after
//! a change of the compiler, `TRYBUILD=overwrite` writes them anew.

#[test]
fn unsound_uses_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
