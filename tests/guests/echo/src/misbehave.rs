//! What a host has to bear.

use std::hint::black_box;

/// Never comes back.
pub(crate) fn spin<T>() -> T {
    let mut turns = 0_u64;
    loop {
        // Without the black box the optimiser may take the loop for unreachable.
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes memory by the MiB and writes into it until it is refused; answers how many MiB it got.
pub(crate) fn eat() -> u32 {
    const MIB: usize = 1 << 20;
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(MIB).is_err() {
            break;
        }
        piece.resize(MIB, 0x5a);
        pieces.push(black_box(piece));
    }
    u32::try_from(pieces.len()).unwrap_or(u32::MAX)
}

/// Panics with a message that a test can find.
pub(crate) fn panic<T>() -> T {
    panic!("the echo connector was asked to panic")
}

/// Uses up the stack.
#[allow(unconditional_recursion)]
pub(crate) fn deep(level: u32) -> u32 {
    let frame = black_box([level; 64]);
    // What is added after the call keeps it from becoming a loop.
    deep(black_box(level.wrapping_add(1))).wrapping_add(black_box(frame)[7])
}
