import Bytes
import Tensors

// index  = { "metadata": { "ParamSize": tensors, "ParamBytes": bytes, "BitsPerParam": bits }, "records": [ shard, … ] }
// shard  = { "dataPath": FILE, "format": "raw-shard", "nbytes": bytes of the file, "md5sum": MD5 of the file,
//            "records": [ tensor, … ] }
// tensor = { "name": NAME, "shape": [ dimension, … ], "dtype": TYPE, "format": FORMAT,
//            "byteOffset": first byte in the file, "nbytes": bytes }
//
// FORMAT is "raw" or "f32-to-bf16". With the second, tensors of the TYPE float32 are stored as BF16; the bytes of all other
// types are those of their elements, also where FORMAT says otherwise. Tensors of a shard follow each other without padding.

extension MLC {
  /// Reads an index, and opens the shards that it lists.
  struct IndexReader {
    private let folder: any FileTree
    private(set) var files: [any ByteSource] = []
    private(set) var digests: [FileDigestStatement] = []
    private(set) var tensors: [TensorDescriptor] = []
    private(set) var remarks: [String] = []
    /// The shard in which each tensor is.
    private var shardByTensor: [TensorName: String] = [:]

    init(_ folder: any FileTree) { self.folder = folder }

    mutating func read(_ json: JSON) throws(MLCError) {
      guard let shards = json["records"]?.array, !shards.isEmpty else {
        throw .member("records", expected: "a list of shards")
      }
      var names: [String] = []
      var seen: Set<ExactString> = []
      for (index, shard) in shards.enumerated() {
        let place = "records[\(index)].dataPath"
        guard let text = shard["dataPath"]?.string, let name = ShardName.pathInFolder(text) else {
          throw .member(place, expected: "the name of a file in the folder of the index")
        }
        guard seen.insert(ExactString(name)).inserted else { throw .repeatedShard(name) }
        names.append(name)
      }
      let missing = names.filter { folder.kind(of: $0) == nil }
      guard missing.isEmpty else { throw .missingShards(missing, of: names.count) }
      for (index, (name, shard)) in zip(names, shards).enumerated() { try read(shard, name, at: index) }
      if let count = json["metadata"]?["ParamSize"]?.integer, count != tensors.count {
        remarks.append("the index states \(counted(count, "tensor")), and lists \(tensors.count.grouped)")
      }
    }

    private mutating func read(_ shard: JSON, _ name: String, at index: Int) throws(MLCError) {
      let place = "records[\(index)]"
      guard shard["format"]?.string == "raw-shard" else { throw .member("\(place).format", expected: "\"raw-shard\"") }
      let file: any ByteSource
      do throws(FileError) { file = try folder.open(name) } catch { throw .unreadable(error) }
      guard let byteCount = shard["nbytes"]?.integer, byteCount >= 0 else {
        throw .member("\(place).nbytes", expected: "the bytes of the file")
      }
      guard file.byteCount == byteCount else {
        throw .shardByteCount(name, expected: byteCount, found: file.byteCount)
      }
      if let text = shard["md5sum"], !text.isNull {
        guard let digest = text.string?.lowercased(), digest.utf8.count == 32,
          digest.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { throw .member("\(place).md5sum", expected: "32 hexadecimal digits") }
        digests.append(FileDigestStatement(fileIndex: files.count, md5: digest))
      }
      guard let records = shard["records"]?.array else {
        throw .member("\(place).records", expected: "a list of tensors")
      }
      var own: [TensorDescriptor] = []
      for (position, record) in records.enumerated() {
        let tensor = try descriptor(record, at: "\(place).records[\(position)]", byteCount: byteCount)
        if let first = shardByTensor.updateValue(name, forKey: tensor.name) {
          throw .repeatedTensor(tensor.name, first: first, second: name)
        }
        own.append(tensor)
      }
      try requireDisjoint(own, in: name, byteCount: byteCount)
      tensors += own
      files.append(file)
    }

    private func descriptor(
      _ record: JSON, at place: String, byteCount: Int
    ) throws(MLCError) -> TensorDescriptor {
      guard let name = record["name"]?.string, !name.isEmpty else {
        throw .member("\(place).name", expected: "the name of a tensor")
      }
      let dimensions = record["shape"]?.array?.map(\.integer) ?? [nil]
      guard !dimensions.contains(nil), let shape = Shape(dimensions.compactMap(\.self)) else {
        throw .member("\(place).shape", expected: "a list of integers from 0 whose product fits 63 bits")
      }
      guard let type = record["dtype"]?.string else { throw .member("\(place).dtype", expected: "an element type") }
      let format = record["format"]?.string
      guard format == "raw" || format == "f32-to-bf16" else {
        throw .member("\(place).format", expected: "\"raw\" or \"f32-to-bf16\"")
      }
      guard let offset = record["byteOffset"]?.integer, let count = record["nbytes"]?.integer, offset >= 0, count >= 0,
        offset <= byteCount, count <= byteCount - offset
      else {
        throw .member(
          "\(place)", expected: "byteOffset and nbytes within the \(counted(byteCount, "byte")) of the shard")
      }
      let stored = MLC.format(type, isNarrowed: format == "f32-to-bf16")
      if let known = stored.format {
        guard let expected = known.byteCount(elementCount: shape.elementCount), expected == count else {
          throw .byteCount(TensorName(name), shape, known, declared: count)
        }
      }
      return TensorDescriptor(
        name: TensorName(name), declaredFormat: stored, shape: shape, fileIndex: files.count, fileOffset: offset,
        byteCount: count)
    }

    /// Throws if two tensors share bytes; bytes that belong to none are a remark.
    private mutating func requireDisjoint(
      _ tensors: [TensorDescriptor], in shard: String, byteCount: Int
    ) throws(MLCError) {
      var end = 0, unused = 0
      var previous: TensorDescriptor?
      for tensor in tensors.sorted(by: { $0.fileOffset < $1.fileOffset }) where tensor.byteCount > 0 {
        if let previous, tensor.fileOffset < end { throw .overlap(tensor.name, previous.name, shard: shard) }
        unused += tensor.fileOffset - end
        end = tensor.fileOffset + tensor.byteCount
        previous = tensor
      }
      unused += byteCount - end
      guard unused > 0 else { return }
      remarks.append(
        "\(shard.escapedForDisplay): \(counted(unused, "byte")) \(unused == 1 ? "belongs" : "belong") to no tensor")
    }
  }

  /// The storage format of a TYPE of the index.
  ///
  /// - Parameter isNarrowed: whether F32 is stored as BF16.
  private static func format(_ type: String, isNarrowed: Bool) -> DeclaredFormat {
    switch type {
    case "float32": .known(isNarrowed ? .bf16 : .f32)
    case "float16": .known(.f16)
    case "bfloat16": .known(.bf16)
    case "float64": .known(.f64)
    case "float8_e4m3fn", "e4m3_float8": .known(.f8_e4m3)
    case "float8_e5m2", "e5m2_float8": .known(.f8_e5m2)
    case "int8": .known(.i8)
    case "int16": .known(.i16)
    case "int32": .known(.i32)
    case "int64": .known(.i64)
    case "uint8": .known(.u8)
    case "uint16": .known(.u16)
    case "uint32": .known(.u32)
    case "uint64": .known(.u64)
    case "bool": .known(.bool)
    default: .unknown(type)
    }
  }
}
