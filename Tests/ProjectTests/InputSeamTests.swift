import Testing

/// Boundaries of words are simple ones: by Unicode's default rules there is none after the period of `a.container`.
@Suite("Input")
struct InputSeamTests {
  /// Outputs are written through `AtomicFile`, `OutputFolder` and `ScratchFolder`, which are local by nature.
  @Test("is read through ByteSource and FileTree everywhere above Bytes")
  func noConcreteFiles() throws {
    let local = /\b(LocalFile|LocalFolder|localFile|localFolder|FileSystem|FileManager|FileHandle|fopen|opendir)\b/
    for file in try Project.swiftFiles(under: "Sources") where !file.hasPrefix("Sources/Bytes/") {
      let text = try Project.text(of: file)
      let match = text.firstMatch(of: local.wordBoundaryKind(.simple))
      #expect(match == nil, "\(file) names a local file or asks the file system")
    }
  }

  /// `ModelFacts` has a type for each kind of checkpoint; the container is for display.
  @Test("is distinguished by its container in Formats alone")
  func noContainerDecisions() throws {
    let decision = /\bcontainer\s*(==|!=)|(==|!=)\s*[\w.]*\bcontainer\b|\bswitch\s+[\w.]*\bcontainer\b/
    for file in try Project.swiftFiles(under: "Sources") where !file.hasPrefix("Sources/Formats/") {
      let text = try Project.text(of: file)
      let match = text.firstMatch(of: decision.wordBoundaryKind(.simple))
      #expect(match == nil, "\(file) decides something by the container")
    }
  }
}
