import Bytes
import TestSupport
import Testing
import Verification

/// The table of known faults in the documentation.
@Suite("The known faults")
struct FaultTableTests {
  @Test("are listed in the documentation")
  func table() throws {
    let table = FaultRegistry.table
    let documented = try GeneratedTable("faults", titles: table.columns.map(\.title), rows: table.rows)
    #expect(documented.found == documented.expected)
  }

  @Test("are the files of their folder")
  func files() throws {
    let files = try FileSystem.list(Fixtures.packagePath("Sources", "Verification", "Faults"))
    #expect(files.count { $0.hasSuffix("Fault.swift") && $0 != "KnownFault.swift" } == FaultRegistry.table.rows.count)
  }

  @Test("have names of their own")
  func names() {
    let names = FaultRegistry.table.rows.map { $0[0] }
    #expect(Set(names).count == names.count)
  }
}
