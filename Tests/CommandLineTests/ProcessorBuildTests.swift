import Testing

@testable import CommandLineTool

@Suite("A build for a processor")
struct ProcessorBuildTests {
  /// Flags of Intel's Nehalem, Haswell and Skylake-X as the kernel shows them.
  static let nehalem =
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx lm "
    + "constant_tsc rep_good nopl pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm"
  static let haswell = nehalem + " fma movbe avx f16c rdrand abm bmi1 avx2 bmi2 erms xsave xsaveopt"
  static let skylakeX = haswell + " avx512f avx512dq rdseed adx clflushopt avx512cd avx512bw avx512vl"

  /// A record of `/proc/cpuinfo`, with the next processor's after it.
  static func record(_ flags: String) -> String {
    """
    processor\t: 0
    vendor_id\t: GenuineIntel
    model name\t: a processor
    flags\t\t: \(flags)
    vmx flags\t: vnmi avx512f
    bugs\t\t: spectre_v1

    processor\t: 1
    flags\t\t: avx512f avx512dq avx512cd avx512bw avx512vl
    """
  }

  static let processors: [(flags: String, runnable: [ProcessorBuild])] = [
    (nehalem, [.baseline]), (haswell, [.baseline, .v3]), (skylakeX, [.baseline, .v3, .v4]),
  ]

  @Test("runs where all its instruction sets are", arguments: processors)
  func levels(flags: String, runnable: [ProcessorBuild]) {
    let available = ProcessorBuild.instructionSets(ofFirstProcessorIn: Self.record(flags))
    #expect(ProcessorBuild.allCases.filter { $0.instructionSets.isSubset(of: available) } == runnable)
  }

  @Test(
    "other than the baseline needs a text that names instruction sets",
    arguments: ["", "flags", "flags\t\t:", "Features\t: fp asimd", String(repeating: "\n", count: 9000)])
  func unknown(text: String) {
    #expect(ProcessorBuild.instructionSets(ofFirstProcessorIn: text).isEmpty)
  }

  @Test("that cannot be started is an error that says why")
  func wording() {
    #expect(
      ProcessorBuildError.unknown("v9").description == #"INGOT_BUILD is "v9", expected baseline, v3, v4"#)
    #expect(
      ProcessorBuildError.unsupported(.v4, missing: ["avx512bw", "avx512f"]).description
        == "INGOT_BUILD is v4, but this processor does not have avx512bw, avx512f")
    #expect(
      ProcessorBuildError.absent(.v3, path: "/a/b").description == "INGOT_BUILD is v3, but /a/b cannot be started")
  }
}
