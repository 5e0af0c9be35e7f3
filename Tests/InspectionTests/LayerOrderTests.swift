import Inspection
import Testing

@Suite("The order of layers")
struct LayerOrderTests {
  @Test("is that of their numbers, and everything else stays where it is")
  func order() {
    let names = ["lm_head", "a.layers.0.x", "a.layers.10.x", "a.layers.10.y", "a.layers.2.x", "norm", "b.1", "b.0", ""]
    #expect(
      names.indicesInLayerOrder.map { names[$0] }
        == ["lm_head", "a.layers.0.x", "a.layers.2.x", "a.layers.10.x", "a.layers.10.y", "norm", "b.0", "b.1", ""])
    #expect([String]().indicesInLayerOrder.isEmpty)
    #expect(["a.99999999999999999999", "a.1"].indicesInLayerOrder == [1, 0])
    #expect(["x.q8_0", "x.q4_0", "b10", "b2"].indicesInLayerOrder == [0, 1, 2, 3])
  }
}
