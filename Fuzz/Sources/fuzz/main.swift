// fuzz [libFuzzer's flags and corpus folders] -ignore_remaining_args=1 TARGET
//
// libFuzzer starts this program again for some of its work (-merge, -minimize_crash, -fork), with the same arguments; it
// does not look at those after -ignore_remaining_args.

import CAllocationLimit
import FuzzTargets
import Glibc

typealias Callback = @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(_ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<Arguments>, _: Callback) -> Int32

if CommandLine.arguments.dropFirst() == ["--list"] {
  for target in FuzzTarget.all { print("\(target.name)\t\(target.maximumByteCount)\t\(target.summary)") }
  exit(0)
}
guard let name = CommandLine.arguments.last, let found = FuzzTarget.named(name) else {
  print("usage: fuzz [FLAG …] [FOLDER …] -ignore_remaining_args=1 TARGET, or fuzz --list")
  exit(64)
}
let target = found

/// Counts are compared with the remaining bytes before memory is allocated: a multiple of the input, and what readers take
/// for any file.
func limit(_ inputByteCount: Int) -> Int { (1 << 22) + 256 * inputByteCount }

// The language's own report of a trap would keep libFuzzer from writing the input.
for number in [SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE] { signal(number, SIG_DFL) }
// What a process makes once belongs to no input.
_ = target.finding([0])

var count = CommandLine.argc
var arguments: Arguments = CommandLine.unsafeArgv
exit(
  runDriver(&count, &arguments) { bytes, byteCount in
    let input = Array(UnsafeBufferPointer(start: bytes, count: byteCount))
    setAllocationLimit(limit(byteCount))
    let finding = target.finding(input)
    setAllocationLimit(0)
    if let finding { endWithFinding(finding) }
    return 0
  })
