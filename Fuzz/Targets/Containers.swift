import Bytes
import Formats
import Tensors
import TestSupport

extension FuzzTarget {
  static let containers: [FuzzTarget] = [
    FuzzTarget("safetensors", "the header that is written for what was read reads equal") { input in
      try requireRoundTrip(try opened(["model.safetensors": input]), as: "model.safetensors") {
        let layout = try SafeTensors.Layout(tensors: $0, metadata: $1)
        return (layout.header, layout.fileByteCount)
      }
    },
    FuzzTarget("safetensors-index", "an index and its shards") { input in
      _ = try opened(
        [
          "model.safetensors.index.json": input, "model-00001-of-00002.safetensors": shard("a"),
          "model-00002-of-00002.safetensors": shard("b"),
        ], opening: "model.safetensors.index.json")
    },
    FuzzTarget("gguf", "the header that is written for what was read reads equal") { input in
      try requireRoundTrip(try opened(["model.gguf": input]), as: "model.gguf") {
        let layout = try GGUF.Layout(tensors: $0, metadata: $1)
        return (layout.header, layout.fileByteCount)
      }
    },
    FuzzTarget("gguf-split", "the first of two shards") { input in
      _ = try opened(
        ["m-00001-of-00002.gguf": input, "m-00002-of-00002.gguf": splitShard], opening: "m-00001-of-00002.gguf")
    },
    FuzzTarget("pytorch", "zip archives, pickles with storages, and tar archives", limit: 8192) { input in
      _ = try opened(["pytorch_model.bin": input])
    },
    FuzzTarget("pickle", "the object of a zip archive with two storages") { input in
      _ = try opened(["pytorch_model.bin": archive(pickle: input)])
    },
    FuzzTarget("zip", "members of an archive of arrays are read whole", limit: 8192) { input in
      _ = try opened(["arrays.npz": input])
    },
    FuzzTarget("numpy", "one array", limit: 1024) { input in _ = try opened(["array.npy": input]) },
    FuzzTarget("legacy-ggml", "files of GGML before GGUF") { input in _ = try opened(["ggml-model.bin": input]) },
    FuzzTarget("distributed", "metadata of a distributed checkpoint, with chunks that are absent") { input in
      _ = try opened([".metadata": input, "__0_0.distcp": [UInt8](repeating: 0, count: 1024)], opening: ".metadata")
    },
    FuzzTarget("megatron", "a rank of a grid, with two storages") { input in
      let part = "mp_rank_00/model_optim_rng.pt"
      _ = try opened([part: archive(pickle: input)], opening: part)
    },
    FuzzTarget("mlc", "an index of shards") { input in
      _ = try opened(
        ["ndarray-cache.json": input, "params_shard_0.bin": [UInt8](repeating: 0, count: 256)],
        opening: "ndarray-cache.json")
    },
    FuzzTarget("imatrix", "importance of every entry, in both containers") { input in
      let matrix = try ImportanceMatrix.open(MemorySource(path: "m/imatrix", input))
      for entry in matrix.entries {
        let importance = try matrix.importance(of: entry, 0..<min(64, entry.valueCount))
        try Finding.require(
          importance.allSatisfy { $0 >= 0 && $0.isFinite }, "the importance of \(entry.name) is unusable")
      }
    },
  ]

  /// Opens the file `name` of a folder of `files`, or its only file, and reads the ends of each tensor.
  static func opened(_ files: [String: [UInt8]], opening name: String? = nil) throws -> Checkpoint {
    let folder = UnpackedFolder(MemoryTree(path: "m", files))
    let checkpoint = try Checkpoint.open(
      InputLocation(folder: folder, file: folder.open(name ?? files.keys.first ?? "")))
    for tensor in checkpoint.stored { try readEnds(of: tensor, checkpoint) }
    return checkpoint
  }

  /// Reads the first and last bytes of a tensor, which are inside its file.
  private static func readEnds(of tensor: TensorDescriptor, _ checkpoint: Checkpoint) throws {
    guard case .bytes(_, let range) = tensor.contents else { return }
    let (end, overflow) = range.offset.addingReportingOverflow(range.byteCount)
    let fileByteCount = checkpoint.files[range.fileIndex].byteCount
    try Finding.require(
      range.offset >= 0 && range.byteCount >= 0 && !overflow && end <= fileByteCount,
      "\(tensor.name) is at \(range.offset), \(range.byteCount) bytes, in a file of \(fileByteCount)")
    let step = min(64, range.byteCount)
    var slab: [UInt8] = []
    try checkpoint.read(range, from: 0, count: step, into: &slab)
    try checkpoint.read(range, from: range.byteCount - step, count: step, into: &slab)
  }

  /// Requires that tensors and metadata are read again from a file that is laid out for them.
  private static func requireRoundTrip(
    _ checkpoint: Checkpoint, as name: String, layout: ([OutputTensor], Metadata) throws -> (header: [UInt8], Int)
  ) throws {
    let outputs = checkpoint.tensors.compactMap { tensor in
      tensor.format.map { OutputTensor(name: tensor.name, format: $0, shape: tensor.shape) }
    }
    guard outputs.count == checkpoint.tensors.count else { return }
    let (header, byteCount) = try layout(outputs, checkpoint.metadata)
    guard byteCount < 1 << 20 else { return }
    let again: Checkpoint
    do {
      again = try opened([name: header + [UInt8](repeating: 0, count: byteCount - header.count)])
    } catch {
      throw Finding(fact: "a written header is refused: \(error)")
    }
    func facts(_ checkpoint: Checkpoint) -> [TensorName: OutputTensor] {
      Dictionary(
        uniqueKeysWithValues: checkpoint.tensors.map {
          ($0.name, OutputTensor(name: $0.name, format: $0.format ?? .f32, shape: $0.shape))
        })
    }
    try Finding.require(facts(again) == facts(checkpoint), "tensors change when they are written")
    // Descriptions, since NaN differs from itself.
    try Finding.require(
      "\(again.metadata.pairs)" == "\(checkpoint.metadata.pairs)", "metadata changes when it is written")
  }

  /// A shard with one tensor of a byte.
  private static func shard(_ name: String) -> [UInt8] {
    SafeTensorsBytes("{" + SafeTensorsBytes.entry(name, "U8", [1], 0, 1) + "}", dataByteCount: 1).bytes
  }

  /// The second of two shards of a GGUF, without tensors of its own.
  private static let splitShard: [UInt8] = {
    var metadata = Metadata()
    metadata["split.no"] = .uint16(1)
    metadata["split.count"] = .uint16(2)
    metadata["split.tensors.count"] = .int32(1)
    return (try? GGUF.Layout(tensors: [], metadata: metadata))?.header ?? []
  }()

  /// What `torch.save` writes for an object with the storages 0 and 1.
  private static func archive(pickle: [UInt8]) -> [UInt8] {
    let storage = [UInt8](repeating: 1, count: 256)
    let members = [("data.pkl", pickle), ("byteorder", Array("little".utf8)), ("data/0", storage), ("data/1", storage)]
    guard let layout = ZipLayout(members.map { ("archive/" + $0, .bytes($1)) }) else { return [] }
    var bytes = [UInt8](repeating: 0, count: layout.fileByteCount)
    for (offset, record) in layout.records(checksums: []) {
      bytes.replaceSubrange(offset..<offset + record.count, with: record)
    }
    return bytes
  }
}
