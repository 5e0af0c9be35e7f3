import Bytes
import Tensors

/// Joins the tensors of a grid: those of the tensor-parallel ranks of a stage by the rule for each, and the stages in turn.
struct MegatronJoiner {
  private let path: String
  private let arguments: MegatronArguments
  /// The files, what is gathered from them, and the joined tensors.
  private(set) var sources: [any ByteSource] = []
  private(set) var tensors: [TensorDescriptor] = []
  private(set) var remarks: [String] = []
  private var names: Set<TensorName> = []
  private var layerCount = 0

  /// The tensors of a rank in one chunk of its pipeline, by name.
  private struct Shard {
    let rank: String
    let order: [MegatronName]
    let tensors: [MegatronName: TensorDescriptor]
  }

  init(path: String, _ arguments: MegatronArguments) {
    self.path = path
    self.arguments = arguments
  }

  /// Joins the tensors of `stages`, whose ranks are called `ranks`.
  ///
  /// Layers follow each other chunk by chunk, and in each stage by stage.
  mutating func join(_ stages: [[ParsedHeader]], _ ranks: [[String]]) throws(MegatronError) {
    let chunks = Self.chunks(stages.first?.first?.tensors ?? [])
    var placed: [[[TensorDescriptor]]] = []
    for headers in stages {
      placed.append(
        headers.map { header in
          let first = sources.count
          sources += [header.file] + header.gathered
          return header.tensors.map { $0.inFile(first + $0.fileIndex) }
        })
    }
    for chunk in chunks {
      for (stage, names) in zip(placed, ranks) {
        var shards: [Shard] = []
        for (tensors, name) in zip(stage, names) { shards.append(try Self.shard(tensors, name, chunk)) }
        try join(shards)
      }
    }
    if let stated = arguments["num_layers"]?.integer, stated != layerCount {
      throw .layers(found: layerCount, expected: stated)
    }
    if arguments["untie_embeddings_and_output_weights"]?.bool == false { try dropTiedOutput(ranks) }
  }

  /// Leaves out the copy of a tied embedding that the last stage has, which must be the same.
  private mutating func dropTiedOutput(_ ranks: [[String]]) throws(MegatronError) {
    guard let output = tensors.firstIndex(where: { $0.name == "output_layer.weight" }),
      let embedding = tensors.first(where: { $0.name == "embedding.word_embeddings.weight" }),
      let first = ranks.first?.first, let last = ranks.last?.first
    else { return }
    let areEqual: Bool
    do throws(FileError) {
      areEqual = try sources.haveEqualBytes(embedding, tensors[output])
    } catch {
      throw .unreadable(error)
    }
    guard areEqual else { throw .tensor(tensors[output].name, .differs("value", in: last, from: first)) }
    tensors.remove(at: output)
  }

  /// What the names of each chunk's tensors begin with: `model0.`, or nothing.
  private static func chunks(_ tensors: [TensorDescriptor]) -> [String] {
    var count = 0
    while tensors.contains(where: { $0.name.text.hasPrefix("model\(count).") }) { count += 1 }
    return count == 0 ? [""] : (0..<count).map { "model\($0)." }
  }

  private static func shard(
    _ tensors: [TensorDescriptor], _ rank: String, _ chunk: String
  ) throws(MegatronError) -> Shard {
    var order: [MegatronName] = [], byName: [MegatronName: TensorDescriptor] = [:]
    for tensor in tensors where tensor.name.text.hasPrefix(chunk) {
      guard let name = MegatronName(String(tensor.name.text.dropFirst(chunk.count))) else { continue }
      guard byName.updateValue(tensor, forKey: name) == nil else {
        throw .tensor(tensor.name, .repeated(in: rank))
      }
      order.append(name)
    }
    guard !order.isEmpty else { throw .noModel(rank: rank) }
    return Shard(rank: rank, order: order, tensors: byName)
  }

  private mutating func join(_ shards: [Shard]) throws(MegatronError) {
    for shard in shards {
      guard let extra = shard.order.first(where: { shards[0].tensors[$0] == nil }) else { continue }
      throw .tensor(TensorName(extra.text(addingLayers: layerCount)), .missing(from: shards[0].rank))
    }
    for name in shards[0].order {
      let text = name.text(addingLayers: layerCount), ranks = shards.map(\.rank)
      var parts: [TensorDescriptor] = []
      for shard in shards {
        guard let part = shard.tensors[name] else { throw .tensor(TensorName(text), .missing(from: shard.rank)) }
        parts.append(part)
      }
      guard names.insert(TensorName(text)).inserted else { throw .tensor(TensorName(text), .repeated(in: ranks[0])) }
      tensors.append(try joined(parts, ranks, text))
    }
    layerCount += (shards[0].order.compactMap(\.layer).max() ?? -1) + 1
  }

  /// The whole of the parts of a tensor, under the name `text`.
  private mutating func joined(
    _ parts: [TensorDescriptor], _ ranks: [String], _ text: String
  ) throws(MegatronError) -> TensorDescriptor {
    let first = parts[0], name = TensorName(text)
    for (part, rank) in zip(parts, ranks) {
      guard part.declaredFormat == first.declaredFormat else {
        throw .tensor(name, .differs("storage format", in: rank, from: ranks[0]))
      }
      guard part.shape == first.shape else { throw .tensor(name, .differs("shape", in: rank, from: ranks[0])) }
    }
    guard let rule = MegatronJoin(text) else {
      guard parts.count == 1 else { throw .tensor(name, .noRule(rankCount: parts.count)) }
      return first.inFile(first.fileIndex, named: name)
    }
    if rule == .replicated {
      for (part, rank) in zip(parts, ranks).dropFirst() {
        let areEqual: Bool
        do throws(FileError) { areEqual = try sources.haveEqualBytes(first, part) } catch { throw .unreadable(error) }
        guard areEqual else { throw .tensor(name, .differs("value", in: rank, from: ranks[0])) }
      }
      return first.inFile(first.fileIndex, named: name)
    }
    let layout = try MegatronLayout(rule, of: first, name, rankCount: parts.count, arguments)
    if let count = layout.droppedRowCount {
      remarks.append("dropped \(counted(count, "padding row")) of \(text.quoted): no token uses them")
    }
    guard let size = first.format?.bytesPerBlock, first.format?.elementsPerBlock == 1,
      let shape = Shape(layout.dimensions)
    else { throw .tensor(name, .shape(first.shape, expected: "single numbers that can be counted")) }
    var boxes: [GatheredSource.Part] = []
    for (index, part) in parts.enumerated() {
      guard let range = part.byteRange else { continue }
      boxes += layout.boxes(ofRank: index, in: sources[range.fileIndex], at: range.offset, elementByteCount: size)
    }
    guard
      let source = GatheredSource(
        path: "\(path):\(text)", shape: layout.dimensions, elementByteCount: size, parts: boxes)
    else { throw .tensor(name, .shape(first.shape, expected: "a part of \(shape)")) }
    sources.append(source)
    return TensorDescriptor(
      name: name, declaredFormat: first.declaredFormat, shape: shape, fileIndex: sources.count - 1, fileOffset: 0,
      byteCount: source.byteCount)
  }
}
