import Architectures
import Inference
import Models
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite("A mixture of experts")
struct ExpertReadingTests {
  /// Experts as tensors of their own, and in stacks.
  static let checkpoints = ["qwen3-moe", "deepseek-v3", "qwen3-5-moe", "gemma4-moe", "gpt-oss"]

  @Test("reads only the experts that its tokens chose", arguments: checkpoints)
  func chosenExperts(name: String) throws {
    let folder = TemporaryFolder()
    let (tree, location) = try MemoryTree.fixture("architectures/\(name)", in: folder)
    let model = try Model.open(location, library: .bundled())
    let weights = try ModelWeights(model)
    let count = try #require(weights.hyperparameters.experts?.count)
    let used = try #require(weights.hyperparameters.experts?.usedCount)
    let routed = (0..<weights.hyperparameters.layerCount).filter { weights.contains(.router, layer: $0, instance: nil) }
    tree.forgetReads()
    var pass = try ForwardPass(weights, tokens: [7], threads: 1)
    let networks = Mutex<[Int: Set<Int>]>([:])
    pass.observeProduct = { _, role, layer, expert in
      guard role == .expertDown, let layer, let expert else { return }
      networks.withLock { _ = $0[layer, default: []].insert(expert) }
    }
    try pass.run()
    let chosen = networks.withLock { $0 }
    #expect(routed.count > 0 && Set(chosen.keys) == Set(routed))
    for layer in routed {
      for expert in 0..<count {
        let isChosen = chosen[layer, default: []].contains(expert)
        let bytes = try Self.byteRanges(ofExpert: expert, of: count, layer: layer, model.checkpoint)
        let source = try #require(tree.file(model.checkpoint.files[0].name))
        let read = bytes.filter { range in source.readRanges.contains { $0.overlaps(range) } }
        #expect(read.count == (isChosen ? bytes.count : 0), "layer \(layer), expert \(expert)")
      }
      #expect(chosen[layer]?.count == used && used < count)
    }
  }

  /// The bytes of an expert's matrices: whole tensors, or its part of each stack.
  private static func byteRanges(
    ofExpert expert: Int, of count: Int, layer: Int, _ checkpoint: Checkpoint
  ) throws -> [Range<Int>] {
    let tensors = checkpoint.tensors.filter {
      $0.name.text.contains(".layers.\(layer).") && !$0.name.text.hasPrefix("mtp.")
    }
    let own = tensors.filter { $0.name.text.contains(".experts.\(expert).") }
    let stacks = tensors.filter { $0.name.text.contains(".experts.") && $0.shape.dimensions.count == 3 }
    let ranges =
      own.map { $0.fileOffset..<$0.fileOffset + $0.byteCount }
      + stacks.map { stack in
        let length = stack.byteCount / count
        return stack.fileOffset + expert * length..<stack.fileOffset + (expert + 1) * length
      }
    try #require(!ranges.isEmpty)
    return ranges
  }
}
