use std::ptr::NonNull;
use std::rc::Rc;

use bufproto_py::Storage;

struct Local(Rc<[u8]>);

// SAFETY: none: it must not be dropped by another thread.
unsafe impl Storage for Local {
    type Item = u8;

    fn is_writable(&self) -> bool {
        false
    }

    fn memory(&mut self) -> NonNull<[u8]> {
        NonNull::from(&*self.0)
    }
}

fn main() {}
