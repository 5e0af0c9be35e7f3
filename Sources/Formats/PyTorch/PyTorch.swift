import Bytes
import Tensors

/// Reads what `torch.save` writes, in the three forms that it has had: a zip archive since 2020, before that a sequence of
/// pickles and storages, and until 2017 a tar archive.
///
/// Of the first, files are written that have nothing but tensors and single values (`PyTorch.Layout`).
///
/// Pickles are read by a machine that imports and runs nothing. What it makes of a model's tensors is where they lie in
/// the file, so no tensor's data is read.
public enum PyTorch {
  static let shards = ShardFamily(
    container: .pyTorch, suffixes: [".bin", ".pt", ".pth"], indexSuffix: ".bin.index.json",
    read: { try contents($0) })

  /// Opens `file`, or the set that it belongs to in `folder`.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    if let set = try ModelParallelShards(file.name, in: folder) { return try set.open(path: file.path) }
    return try shards.open(file, in: folder)
  }

  /// Reads the pickles of one file; errors name the file.
  static func contents(_ file: any ByteSource) throws -> ParsedHeader {
    do throws(PyTorchError) {
      let prefix: [UInt8]
      do throws(FileError) {
        prefix = try file.bytes(at: 0, count: min(4, file.byteCount))
      } catch {
        throw .unreadable(error)
      }
      if prefix.starts(with: [0x50, 0x4B]) { return try readZip(file) }
      return prefix.first == 0x80 ? try readLegacy(file) : try readTar(file)
    } catch {
      throw error.located(in: file.path)
    }
  }

  /// The tensors of a state dict, each in the storage that `bytes` returns.
  static func header(
    _ file: any ByteSource, _ state: StateDictReader, _ placer: TensorPlacer, form: String,
    bytes: (StorageReference, inout TensorPlacer) throws(PyTorchError) -> StorageBytes?
  ) throws(PyTorchError) -> ParsedHeader {
    var placer = placer
    var tensors: [TensorDescriptor] = []
    for entry in state.entries {
      guard let record = entry.record else {
        tensors.append(
          TensorDescriptor(
            name: entry.name, declaredFormat: .unknown(entry.words ?? ""), shape: [], fileIndex: 0, fileOffset: 0,
            byteCount: 0))
        continue
      }
      guard let storage = try bytes(record.storage, &placer) else {
        throw .tensor(entry.name, .noStorage(record.storage.key))
      }
      tensors.append(try placer.place(entry.name, record, in: storage))
    }
    return ParsedHeader(
      file: file, metadata: Metadata(), tensors: tensors, facts: ["form": form], remarks: state.remarks,
      gathered: Array(placer.sources.dropFirst()), trainer: state.trainer)
  }
}
