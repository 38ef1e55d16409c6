#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    spaceport_fuzz::targets::answers::run(data);
});
