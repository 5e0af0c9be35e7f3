import Testing

@testable import Bytes

@Suite("The files of a model of the hub")
struct HubSnapshotTests {
  private func snapshot(_ names: [String]) -> HubSnapshot {
    HubSnapshot(
      repository: HubRepository(name: "org/model", revision: "main"),
      listing: HubListing(commit: String(repeating: "a", count: 40), names: names), cache: "/nowhere",
      settings: HubSettings { _ in nil })
  }

  @Test("are listed folder by folder, once and sorted by bytes")
  func names() {
    let model = snapshot([
      "onnx/model.onnx", "onnx-old.json", "onnx/config.json", "config.json", "1/x/y", "1/x/z", "1.txt",
    ])
    #expect(model.names(in: "") == ["1", "1.txt", "config.json", "onnx", "onnx-old.json"])
    #expect(model.names(in: "onnx") == ["config.json", "model.onnx"])
    #expect(model.names(in: "1") == ["x"])
    #expect(model.names(in: "none") == [])
  }

  @Test("do not lead out of it")
  func staysInside() {
    #expect(
      snapshot(["../secret", "a//b", "/etc/passwd", "a/../b", "good\0/../../b", "good"]).names(in: "") == ["good"])
  }

  @Test("are told apart by their bytes")
  func bytes() {
    // An accent of its own on the separator, and one that a letter can also have in one character.
    let model = snapshot(["a/\u{301}b", "e\u{301}/c", "\u{E9}"])
    #expect(model.names(in: "") == ["a", "e\u{301}", "\u{E9}"])
    #expect(model.names(in: "a") == ["\u{301}b"])
    #expect(model.kind(of: "\u{E9}") == .regular && model.kind(of: "e\u{301}") == .folder)
  }

  @Test("are folders where others are in them")
  func kinds() {
    let model = snapshot(["onnx/model.onnx", "config.json"])
    #expect(model.kind(of: "") == .folder)
    #expect(model.kind(of: "onnx") == .folder)
    #expect(model.kind(of: "onnx/model.onnx") == .regular)
    #expect(model.kind(of: "on") == nil)
  }
}
