import Bytes
import Tensors

// An archive as `torch.save` writes it (`PyTorch+Zip.swift`), in which each tensor has a storage of its own. Without
// `.format_version` torch reads where storages begin from the members' headers, whose order is free.

extension PyTorch {
  /// A tensor in the pickle of a file that is written.
  struct StoredTensor {
    let name: TensorName
    let shape: Shape
    /// The class of its storage, and the key of the storage in the archive.
    let storage: String, key: String
  }

  /// The layout of a file to write: an object with one state dict.
  public struct Layout: Sendable {
    /// The archive; the members whose data is written apart are the tensors, in the given order.
    public let archive: ZipLayout
    /// The offset of each tensor's bytes in the file, in this order.
    public let offsets: [Int]

    /// Lays out `tensors` in the state dict of `object`.
    ///
    /// - Parameter stem: the name of the archive's folder; `torch.save` takes that of the file without its ending.
    public init(
      _ object: PyTorchObject = .stateDict, stem: String, tensors: [OutputTensor]
    ) throws(PyTorchLayoutError) {
      var stored: [StoredTensor] = [], data: [(name: String, content: ZipLayout.Content)] = []
      var names: Set<TensorName> = []
      for (index, tensor) in tensors.enumerated() {
        guard let storage = PyTorchType.storage(of: tensor.format) else {
          throw .unwritableFormat(tensor.name, tensor.format)
        }
        guard let byteCount = tensor.byteCount else { throw .tooLarge }
        guard names.insert(tensor.name).inserted else { throw .repeated(tensor.name) }
        stored.append(StoredTensor(name: tensor.name, shape: tensor.shape, storage: storage, key: "\(index)"))
        data.append(("\(stem)/data/\(index)", .data(byteCount: byteCount)))
      }
      var writer = PickleWriter()
      writer.write(object, stored)
      let facts: [(name: String, content: ZipLayout.Content)] = [
        ("\(stem)/data.pkl", .bytes(writer.pickle)), ("\(stem)/byteorder", .bytes(Array("little".utf8))),
        ("\(stem)/version", .bytes(Array("3\n".utf8))),
      ]
      guard let archive = ZipLayout(facts + data) else { throw .tooLarge }
      self.archive = archive
      offsets = Array(archive.dataOffsets.dropFirst(facts.count))
    }
  }

  /// Whether a file that is written can have tensors of this format.
  public static func canStore(_ format: StorageFormat) -> Bool { PyTorchType.storage(of: format) != nil }
}

/// A file of PyTorch that cannot be laid out.
public enum PyTorchLayoutError: IngotError {
  case unwritableFormat(TensorName, StorageFormat)
  case repeated(TensorName)
  case tooLarge

  public var category: ErrorCategory { .usage }

  public var description: String {
    switch self {
    case .unwritableFormat(let name, let format):
      "tensor \(name.text.quoted): \(format) cannot be stored in a PyTorch file"
    case .repeated(let name): "tensor \(name.text.quoted): is there twice"
    case .tooLarge: "the file would be larger than any can be"
    }
  }
}
