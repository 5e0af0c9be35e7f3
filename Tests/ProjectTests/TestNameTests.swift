import Testing

@Suite("The tests")
struct TestNameTests {
  @Test("have a sentence each, in a suite that names the subject")
  func sentences() throws {
    let unnamed = /@(Test|Suite)\b(?!\(\s*")/
    for file in try Project.swiftFiles(under: "Tests") {
      let count = try Project.text(of: file).matches(of: unnamed).count
      #expect(count == 0, "\(file) has \(count) tests or suites without a name in quotation marks")
    }
  }
}
