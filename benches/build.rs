//! Lets the benches find the interpreter's shared library where it is.

fn main() {
    pyo3_build_config::add_libpython_rpath_link_args();
}
