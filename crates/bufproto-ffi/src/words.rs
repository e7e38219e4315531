//! Which rules the functions can break: a program is linked with the words of those whose functions it calls.

use bufproto_core::rules::{Family, Refusal, Rule};

/// How a rule that is one of a few is refused.
macro_rules! among {
    ($rule:expr, $family:expr, $($name:ident)*) => {
        match $rule {
            $(Rule::$name => Rule::$name.refusal($family),)*
            rule => {
                debug_assert!(false, "{rule:?} has no words here");
                Rule::MemoryFlag.refusal($family)
            }
        }
    };
}

/// How the functions refuse that look at views, and the one that acquires them.
pub(crate) fn of_views(rule: Rule, family: Family) -> Refusal {
    among!(rule, family, NullArgument ViewExporter MemoryFlag NullMemory ReadOnlyView ViewLayout ItemIndex CopyLength CopyShape)
}

/// How the four functions refuse, with scopes and without, and what takes arguments.
pub(crate) fn of_functions(rule: Rule, family: Family) -> Refusal {
    among!(
        rule,
        family,
        NullArgument IntLength
        CharSlots ReadSlots WriteSlots SingleSegment
        CharExporter ReadExporter WriteExporter ViewExporter
        MemoryFlag
        ArgumentWritable ArgumentContiguous
        ScopeFull Unheld ScopeMemory
    )
}
