import Testing

@testable import Bytes

@Suite("The files of a model of the hub")
struct HubSnapshotTests {
  private func snapshot(_ names: [String]) -> HubSnapshot {
    HubSnapshot(
      repository: HubRepository(name: "org/model", revision: "main"), commit: String(repeating: "a", count: 40),
      names: names, cache: "/nowhere", settings: HubSettings { _ in nil })
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
    #expect(snapshot(["../secret", "a//b", "/etc/passwd", "a/../b", "good"]).names(in: "") == ["good"])
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
