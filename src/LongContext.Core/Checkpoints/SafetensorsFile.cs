using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace LongContext.Checkpoints;

/// <summary>
/// A safetensors file, mapped into memory: nothing is read until it is looked at, and no tensor is copied. The header is
/// checked in full when the file is opened, so that no later access can leave the file.
/// </summary>
/// <remarks>
/// <para>Reading from several threads is safe; disposing while others read is not. Spans and pointers die with
/// <see cref="Dispose"/>.</para>
/// <para>The file must not be shortened in place while it is open: the operating system would end the process at the next
/// access. Replacing it by a new file, as <see cref="SafetensorsWriter"/> does, is harmless on Linux and macOS; Windows
/// refuses to replace a file that is mapped.</para>
/// </remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _data;

    private SafetensorsFile(string path)
    {
        Path = path;
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
        long length = stream.Length;
        if (length < LengthBytes)
        {
            throw new CheckpointFormatException(
                $"{path}: the file has {length} bytes, expected at least {LengthBytes}: "
                + "a safetensors file begins with its header's length.");
        }

        _map = MemoryMappedFile.CreateFromFile(
            stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor? view = null;
        try
        {
            _view = view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            start += view.PointerOffset;
            try
            {
                long headerBytes = ReadHeaderLength(path, start, length);
                long dataStart = LengthBytes + headerBytes;
                SafetensorsHeader header =
                    SafetensorsHeader.Parse(new ReadOnlySpan<byte>(start + LengthBytes, (int)headerBytes), path, length - dataStart);
                Tensors = header.Tensors;
                Metadata = header.Metadata;
                _data = start + dataStart;
            }
            catch
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
                throw;
            }
        }
        catch
        {
            view?.Dispose();
            _map.Dispose();
            throw;
        }
    }

    /// <summary>The file, as it was named when opened.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The free text of the header (<c>__metadata__</c>); empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <param name="path">The file; a symbolic link is followed.</param>
    /// <exception cref="CheckpointFormatException">The file is not a sound safetensors file.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new CheckpointFormatException($"{path}: found a folder, expected a safetensors file.");
        return new SafetensorsFile(path);
    }

    /// <summary>A tensor's bytes, little endian and row major, without copying. Valid until <see cref="Dispose"/>.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointFormatException">The file has no tensor of that name.</exception>
    /// <exception cref="InvalidOperationException">The tensor is larger than a span can be (2 GiB).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<byte> GetBytes(string name)
    {
        TensorInfo info = Find(name);
        if (info.ByteLength > int.MaxValue)
        {
            throw new InvalidOperationException(
                $"{Path}: tensor '{name}' has {info.ByteLength} bytes, more than a span can hold; use {nameof(GetPointer)}.");
        }

        return new ReadOnlySpan<byte>(_data + info.Offset, (int)info.ByteLength);
    }

    /// <summary>
    /// The address of a tensor's first byte. Valid until <see cref="Dispose"/>; the memory is read-only, writing to it ends
    /// the process. Files with an unusual header may place tensors at addresses that their element type would not have.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointFormatException">The file has no tensor of that name.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public byte* GetPointer(string name) => _data + Find(name).Offset;

    /// <summary>
    /// Copies a tensor into an array of its own element type. Formats that .NET has no type for are read as their bits:
    /// bfloat16 as <see cref="ushort"/>, the 8-bit floats as <see cref="byte"/>.
    /// </summary>
    /// <typeparam name="T">The .NET type of the elements, for example <see cref="float"/> or <see cref="Half"/>.</typeparam>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointFormatException">The file has no tensor of that name, or its elements are of another type.</exception>
    /// <exception cref="InvalidOperationException">The tensor is larger than a span can be (2 GiB).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public T[] ReadArray<T>(string name)
        where T : unmanaged
    {
        TensorInfo info = Find(name);
        if (!info.DataType.IsReadableAs(typeof(T)))
        {
            throw new CheckpointFormatException(
                $"{Path}: tensor '{name}' holds {info.DataType.SafetensorsName()} ({info.DataType}), "
                + $"expected one that can be read as {typeof(T).Name}.");
        }

        ReadOnlySpan<byte> bytes = GetBytes(name);
        T[] values = new T[bytes.Length / sizeof(T)];
        Span<byte> target = MemoryMarshal.AsBytes(values.AsSpan());
        bytes.CopyTo(target);
        if (typeof(T) == typeof(bool))
        {
            // A bool that is neither 0 nor 1 breaks comparisons; whatever is not 0 is true.
            foreach (ref byte value in target) value = value == 0 ? (byte)0 : (byte)1;
        }

        return values;
    }

    /// <summary>
    /// Lets the system take back the memory that holds a tensor's pages, now that it was read; it stays readable. Without this a
    /// process that reads a file through is charged for all of it until the file is unmapped.
    /// </summary>
    internal void Release(string name)
    {
        TensorInfo info = Find(name);
        MappedPages.TryRelease(_data + info.Offset, info.ByteLength);
    }

    /// <summary>Unmaps the file. Spans and pointers taken from it must not be used any more.</summary>
    public void Dispose()
    {
        if (_data is null) return;
        _data = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    private static long ReadHeaderLength(string path, byte* start, long fileLength)
    {
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, LengthBytes));
        if (headerBytes > SafetensorsHeader.MaximumBytes)
        {
            throw new CheckpointFormatException(
                $"{path}: the header's length is given as {headerBytes} bytes, expected at most {SafetensorsHeader.MaximumBytes}.");
        }

        if ((long)headerBytes > fileLength - LengthBytes)
        {
            throw new CheckpointFormatException(
                $"{path}: the header's length is given as {headerBytes} bytes, "
                + $"but only {fileLength - LengthBytes} follow (is the file truncated?).");
        }

        return (long)headerBytes;
    }

    private TensorInfo Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ObjectDisposedException.ThrowIf(_data is null, this);
        return Tensors.TryGetValue(name, out TensorInfo? info)
            ? info
            : throw new CheckpointFormatException($"{Path}: there is no tensor '{name}' among the file's {Tensors.Count}.");
    }
}
