import Bytes
import Tensors

// .metadata = a pickle of Metadata (torch/distributed/checkpoint/metadata.py, 2.13), a data class whose state has
//
//   state_dict_metadata  { NAME: TensorStorageMetadata or BytesStorageMetadata, … }
//   storage_data         { MetadataIndex: _StorageInfo, … }
//
//   TensorStorageMetadata  properties (its state begins with the dtype), size, chunks [ChunkStorageMetadata, …]
//   ChunkStorageMetadata   offsets, sizes: where the chunk is in the tensor
//   MetadataIndex          fqn: NAME, offset: offsets of the chunk, or none
//   _StorageInfo           relative_path, offset, length: an archive of torch.save with the chunk; transform_descriptors
//
// Sizes and offsets are torch.Size.

/// The list of a distributed checkpoint.
struct DistributedMetadata {
  /// A part of a tensor and where it is.
  struct Chunk {
    let start: [Int], extents: [Int]
    /// The file below the folder, and the bytes in it.
    let file: String, offset: Int, byteCount: Int
  }

  /// A tensor and its parts.
  struct Tensor {
    let name: String
    let type: PyTorchType
    let dimensions: [Int]
    let chunks: [Chunk]
  }

  private(set) var tensors: [Tensor] = []
  /// What is stored beside tensors, such as numbers.
  private(set) var otherNames: [String] = []

  private struct Place: Hashable {
    let name: ExactString
    let offsets: [Int]
  }

  init(_ file: any ByteSource) throws(DistributedError) {
    var cursor = ByteCursor(file)
    let pickle: Pickle
    // A chunk takes about 18 nodes.
    let limits = PickleMachine.Limits(valueCount: 1 << 23, nodeCount: 1 << 21)
    do throws(PickleError) { pickle = try PickleMachine.read(&cursor, limits: limits) } catch { throw .pickle(error) }
    guard let entries = pickle.member("state_dict_metadata", of: pickle.root).flatMap(pickle.items),
      let stored = pickle.member("storage_data", of: pickle.root).flatMap(pickle.items)
    else { throw .member("Metadata", expected: "state_dict_metadata and storage_data") }
    var places: [Place: PickleValue] = [:]
    for (key, value) in stored {
      guard let name = pickle.member("fqn", of: key).flatMap(pickle.text) else {
        throw .member("storage_data", expected: "keys with the name of a tensor")
      }
      guard let offsets = pickle.member("offset", of: key).flatMap(pickle.size) else { continue }
      guard places.updateValue(value, forKey: Place(name: ExactString(name), offsets: offsets)) == nil else {
        throw .tensor(TensorName(name), .repeatedChunk(offsets))
      }
    }
    for (key, value) in entries {
      guard let name = pickle.text(key) else { throw .member("state_dict_metadata", expected: "names") }
      guard let chunks = pickle.member("chunks", of: value).flatMap(pickle.elements) else {
        otherNames.append(name)
        continue
      }
      tensors.append(try Self.tensor(name, value, chunks, places, in: pickle))
    }
  }

  private static func tensor(
    _ name: String, _ value: PickleValue, _ chunks: [PickleValue], _ places: [Place: PickleValue], in pickle: Pickle
  ) throws(DistributedError) -> Tensor {
    func defect(_ defect: DistributedError.TensorDefect) -> DistributedError { .tensor(TensorName(name), defect) }
    guard let dimensions = pickle.member("size", of: value).flatMap(pickle.size) else {
      throw defect(.member("size", expected: "sizes from 0 up"))
    }
    guard let properties = pickle.member("properties", of: value), let dtype = pickle.dtype(properties) else {
      throw defect(.member("properties", expected: "a dtype"))
    }
    guard dtype.module == "torch", let type = PyTorchType.byName[dtype.name] else {
      throw defect(.dtype(dtype.description))
    }
    var parts: [Chunk] = []
    for chunk in chunks {
      guard let start = pickle.member("offsets", of: chunk).flatMap(pickle.size),
        let extents = pickle.member("sizes", of: chunk).flatMap(pickle.size), start.count == dimensions.count,
        extents.count == dimensions.count
      else { throw defect(.member("chunks", expected: "offsets and sizes of its dimensions")) }
      guard let info = places[Place(name: ExactString(name), offsets: start)] else {
        throw defect(.noStorage(start))
      }
      if let transforms = pickle.member("transform_descriptors", of: info).flatMap(pickle.elements), !transforms.isEmpty
      {
        throw defect(.transformed(transforms.compactMap(pickle.text)))
      }
      guard let file = pickle.member("relative_path", of: info).flatMap(pickle.text),
        let path = ShardName.pathInFolder(file),
        let offset = pickle.member("offset", of: info).flatMap(pickle.integer), offset >= 0,
        let byteCount = pickle.member("length", of: info).flatMap(pickle.integer), byteCount >= 0
      else { throw defect(.member("storage", expected: "a file in the folder, an offset and a length")) }
      parts.append(Chunk(start: start, extents: extents, file: path, offset: offset, byteCount: byteCount))
    }
    return Tensor(name: name, type: type, dimensions: dimensions, chunks: parts)
  }
}

extension Pickle {
  /// An attribute of an object, from its state.
  fileprivate func member(_ name: String, of value: PickleValue) -> PickleValue? {
    guard let state = node(value)?.state else { return nil }
    return items(state)?.last { $0.key == .text(ExactString(name)) }?.value
  }

  /// The numbers of a torch.Size, none below 0.
  fileprivate func size(_ value: PickleValue) -> [Int]? {
    integers(sized(value)).flatMap { $0.allSatisfy { $0 >= 0 } ? $0 : nil }
  }

  /// The dtype among a tensor's properties: the first of a tuple, or a member.
  fileprivate func dtype(_ properties: PickleValue) -> PickleGlobal? {
    guard let state = node(properties)?.state else { return nil }
    if let first = elements(state)?.first { return global(first) }
    return member("dtype", of: properties).flatMap(global)
  }
}
