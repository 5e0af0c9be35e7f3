import Tensors

/// A value in a file of PyTorch that is written.
public indirect enum PyTorchObject: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  /// A type of elements: `torch.bfloat16`.
  case elementType(String)
  case dictionary([Member])
  /// An `argparse.Namespace`, the arguments of a program.
  case namespace([Member])
  /// The tensors of the file by name, as `collections.OrderedDict`.
  case stateDict

  /// A member by its name.
  public struct Member: Sendable {
    public let name: String
    public let value: PyTorchObject

    public init(_ name: String, _ value: PyTorchObject) {
      self.name = name
      self.value = value
    }
  }
}

extension PickleWriter {
  /// Writes `object`, in which a state dict has `tensors`.
  mutating func write(_ object: PyTorchObject, _ tensors: [PyTorch.StoredTensor]) {
    switch object {
    case .none: put(.none)
    case .bool(let flag): bool(flag)
    case .integer(let value): integer(value)
    case .real(let value): real(value)
    case .text(let value): text(value)
    case .elementType(let name): global("torch", name)
    case .dictionary(let members):
      put(.emptyDict)
      write(members, tensors)
    case .namespace(let members):
      global("argparse", "Namespace")
      put(.emptyTuple)
      put(.newObject)
      put(.emptyDict)
      write(members, tensors)
      put(.build)
    case .stateDict:
      call("collections", "OrderedDict")
      members { writer in
        for tensor in tensors {
          writer.text(tensor.name.text)
          writer.write(tensor)
        }
      }
    }
  }

  private mutating func write(_ members: [PyTorchObject.Member], _ tensors: [PyTorch.StoredTensor]) {
    self.members { writer in
      for member in members {
        writer.text(member.name)
        writer.write(member.value, tensors)
      }
    }
  }

  /// The call of `torch._utils._rebuild_tensor_v2` with storage, offset, shape, strides, `requires_grad` and hooks.
  private mutating func write(_ tensor: PyTorch.StoredTensor) {
    global("torch._utils", "_rebuild_tensor_v2")
    tuple { writer in
      writer.tuple { writer in
        writer.text("storage")
        writer.global("torch", tensor.storage)
        writer.text(tensor.key)
        writer.text("cpu")
        writer.integer(tensor.shape.elementCount)
      }
      writer.put(.binPersID)
      writer.integer(0)
      let dimensions = tensor.shape.dimensions
      writer.tuple { writer in for dimension in dimensions { writer.integer(dimension) } }
      writer.tuple { writer in
        for index in dimensions.indices { writer.integer(dimensions[(index + 1)...].reduce(1, *)) }
      }
      writer.bool(false)
      writer.call("collections", "OrderedDict")
    }
    put(.reduce)
  }
}
