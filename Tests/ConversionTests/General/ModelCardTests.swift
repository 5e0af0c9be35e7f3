import Testing

@testable import Conversion

@Suite("A model card")
struct ModelCardTests {
  static let ignored: [(readme: String, remark: String)] = [
    ("---\nname: x\na: b: c\n---\n", "front matter line 3 is not understood"),
    ("---\nname: x\na: *b\n", "front matter line 3 is not understood"),
    ("---\n- a\n---\n", "front matter has no keys"),
    ("---\na: " + String(repeating: "x", count: 1 << 18) + "\n---\n", "front matter is longer than 262,144 bytes"),
    ("---\na: " + String(repeating: "[", count: 1000) + "\n", "front matter line 2 is not understood"),
    ("---\n" + String(repeating: "- ", count: 1000) + "\n", "front matter line 2 is not understood"),
    ("---\n" + String(repeating: "k", count: 1025) + ": x\n", "front matter line 2 is not understood"),
  ]

  @Test("is ignored with a remark", arguments: ignored)
  func remark(readme: String, remark: String) {
    let card = ModelCard(readme: Array(readme.utf8))
    #expect(card.entries.isEmpty)
    #expect(card.remarks == ["README.md: \(remark); the model card was ignored"])
  }

  @Test("is ignored with a remark if it is not UTF-8")
  func notUTF8() {
    let card = ModelCard(readme: Array("---\nname: x\n---\n".utf8) + [0xFF])
    #expect(card.remarks == ["README.md: is not UTF-8; the model card was ignored"])
  }

  @Test("is read or ignored at any length")
  func prefixes() {
    let card = """
      ---
      name: 'it''s' # comment
      description: >-
        folded
          text

      tags: [a, "b\\u00e9", {c: d}]
      model-index:
      - name: x
        results:
        - task: {type: t}
          value: 1.5
      ---
      """
    for count in 0...card.utf8.count {
      let read = ModelCard(readme: Array(card.utf8.prefix(count)))
      #expect(read.remarks.count <= 1)
    }
  }

  @Test("loses values of the wrong kind with a remark")
  func wrongKinds() {
    let readme = "---\nversion: 1.0\ntags: [a, 7]\ndatasets:\n- 3\n- name: [x]\n---\n"
    let generation = "{\"top_k\": 1.5, \"temperature\": 1e39, \"sequence\": 1}"
    let metadata = GeneralMetadata(
      .init(
        folderName: "x", parameterCount: 0, generationConfig: try? .init(parsing: Array(generation.utf8)),
        card: ModelCard(readme: Array(readme.utf8))))
    #expect(metadata.pairs.map(\.key) == ["general.type", "general.name", "general.dataset.count", "general.tags"])
    #expect(
      metadata.remarks == [
        "generation_config.json: \"sequence\" is not text; it was left out",
        "generation_config.json: \"top_k\" is not an integer of 32 bits; it was left out",
        "generation_config.json: \"temperature\" is not a number that a float32 holds; it was left out",
        "README.md: \"version\" is a number, not text; it was left out",
        "README.md: entry 0 of \"datasets\" is a number, not text; it was left out",
        "README.md: \"name\" of entry 1 of \"datasets\" is a list, not text; it was left out",
        "README.md: \"tags\" has elements that are not text; they were left out",
      ])
  }
}
