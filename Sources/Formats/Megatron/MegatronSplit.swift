import Bytes
import Tensors

/// A model split into a grid of ranks: the inverse of joining them (`MegatronJoiner`).
public struct MegatronSplit: Hashable, Sendable {
  /// The rows of a vocabulary are filled up to a multiple of this times the tensor-parallel ranks, unless the user says
  /// otherwise (`--make-vocab-size-divisible-by` in megatron/training/arguments.py).
  public static let defaultVocabularyDivisor = 128
  /// What the converters of Megatron-LM save as, since their loaders read neither 0 nor "release" (tools/checkpoint).
  static let iteration = 1
  /// The version that Megatron-LM saves since its fused rows have groups.
  static let checkpointVersion = 3.0

  /// The tensor-parallel ranks, and the stages of the pipeline.
  public let tensorSize: Int, stageCount: Int
  public let vocabularyDivisor: Int

  public init(tensorSize: Int, stageCount: Int, vocabularyDivisor: Int = Self.defaultVocabularyDivisor) {
    self.tensorSize = tensorSize
    self.stageCount = stageCount
    self.vocabularyDivisor = vocabularyDivisor
  }

  /// A rank of the grid.
  public struct Rank: Hashable, Sendable {
    public let tensor: Int, stage: Int
  }

  /// All ranks, stage by stage.
  public var ranks: [Rank] {
    (0..<stageCount).flatMap { stage in (0..<tensorSize).map { Rank(tensor: $0, stage: stage) } }
  }

  /// The file that names the folder of all ranks, and its content.
  public static let tracker = (name: Megatron.trackerName, content: Array("\(iteration)".utf8))

  /// The folder of all ranks.
  public static let saveName = Megatron.saveName(ofIteration: "\(iteration)")

  /// The name of the file of a rank below the folder of the grid.
  public func fileName(_ rank: Rank) -> String {
    let folder = MegatronGrid.name(tensor: rank.tensor, stage: stageCount > 1 ? rank.stage : nil)
    return Path.join(Path.join(Self.saveName, folder), Megatron.partName)
  }

  /// Where a tensor of the whole model goes: its stage, and its name there, since stages count their layers from 0.
  ///
  /// - Parameter layerCount: the layers of the model, a multiple of the stages.
  public func place(_ name: TensorName, layerCount: Int) -> (stage: Int, name: TensorName) {
    guard let own = MegatronName(name.text), let layer = own.layer else {
      return (name.text.hasPrefix("embedding.") ? 0 : stageCount - 1, name)
    }
    let size = max(1, layerCount / stageCount), stage = min(layer / size, stageCount - 1)
    return (stage, TensorName(own.text(addingLayers: -stage * size)))
  }

  /// The part of `tensor` in a tensor-parallel rank; nil if each rank has the whole.
  public func part(_ rank: Int, of tensor: OutputTensor) throws(SplitError) -> TensorPart? {
    guard let rule = MegatronJoin(tensor.name.text) else { throw .noRule(tensor.name) }
    if rule == .replicated { return nil }
    if rule == .vocabulary { return try vocabularyPart(rank, of: tensor) }
    if rule == .gatedRows, tensor.shape.dimensions.first.map({ $0 / 2 % tensorSize != 0 }) ?? true {
      throw .indivisible(tensor.name, tensor.shape, dimension: 0, rankCount: 2 * tensorSize)
    }
    let part = try tensor.share(of: rule == .columns ? 1 : 0, rank, of: tensorSize) {
      rule.rows(ofRank: rank, of: tensorSize, partRowCount: $0)
    }
    return tensorSize == 1 ? nil : part
  }

  /// The rows of a vocabulary of `size` tokens with padding; nil if they cannot be counted.
  public func paddedVocabularySize(_ size: Int) -> Int? {
    let (multiple, overflow) = vocabularyDivisor.multipliedReportingOverflow(by: tensorSize)
    guard !overflow, multiple > 0, size >= 0, size < Int.max - multiple else { return nil }
    return (size + multiple - 1) / multiple * multiple
  }

  /// Padding repeats the last row, as `pad_weight` of tools/checkpoint/saver_base.py does.
  private func vocabularyPart(_ rank: Int, of tensor: OutputTensor) throws(SplitError) -> TensorPart? {
    guard tensor.shape.rank == 2, let size = tensor.shape.dimensions.first, size > 0,
      let padded = paddedVocabularySize(size)
    else { throw .notAMatrix(tensor.name, tensor.shape) }
    if tensorSize == 1, padded == size { return nil }
    let rows = MegatronJoin.vocabulary.rows(ofRank: rank, of: tensorSize, partRowCount: padded / tensorSize)
    let runs = rows.flatMap { range in
      let real = range.clamped(to: 0..<size)
      return [
        TensorPart.Run(start: real.lowerBound, count: real.count),
        TensorPart.Run(start: size - 1, count: range.count - real.count, isRepeated: true),
      ].filter { $0.count > 0 }
    }
    return TensorPart(runs: runs)
  }
}
