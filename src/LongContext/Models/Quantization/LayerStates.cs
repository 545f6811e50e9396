// Shape suffixes: T tokens, E hidden size.
using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>The hidden states of some packs, in the host's memory or in a file that goes when this does.</summary>
internal sealed class LayerStates : IDisposable
{
    private const string Name = "calibration";

    private readonly Tensor?[] states;
    private readonly (long Offset, long[] Shape, ScalarType Type)[] places;
    private readonly FileStream? file;
    private long end;

    public LayerStates(int packs, string? folder)
    {
        states = new Tensor?[packs];
        places = new (long, long[], ScalarType)[packs];
        if (folder is null) return;
        TemporaryFiles.RemoveLeftovers(folder, name => name == Name);
        file = new FileStream(Path.Combine(folder, TemporaryFiles.NameFor(Name, TemporaryFiles.NewId())), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
    }

    /// <summary>Keeps a pack's states in place of those it had, which must have been of the same size.</summary>
    public unsafe void Put(int pack, Tensor x_TE)
    {
        using var scope = NewDisposeScope();
        if (file is null)
        {
            states[pack]?.Dispose();
            states[pack] = x_TE.to(CPU, copy: true).DetachFromDisposeScope();
            return;
        }

        Tensor host_TE = x_TE.cpu().contiguous();
        long bytes = host_TE.numel() * host_TE.element_size();
        if (places[pack].Shape is null)
        {
            places[pack] = (end, host_TE.shape, host_TE.dtype);
            end += bytes;
        }

        file.Position = places[pack].Offset;
        byte* source = host_TE.DataPointer();
        for (long at = 0; at < bytes; at += 1 << 26) file.Write(new ReadOnlySpan<byte>(source + at, (int)Math.Min(1 << 26, bytes - at)));
    }

    /// <summary>A pack's states on a device, in the caller's dispose scope; of those in memory perhaps the very ones.</summary>
    public unsafe Tensor Get(int pack, Device device)
    {
        if (file is null) return states[pack]!.to(device).alias();
        (long offset, long[] shape, ScalarType type) = places[pack];
        Tensor host_TE = empty(shape, dtype: type);
        long bytes = host_TE.numel() * host_TE.element_size();
        file.Position = offset;
        byte* target = host_TE.DataPointer();
        for (long at = 0; at < bytes; at += 1 << 26) file.ReadExactly(new Span<byte>(target + at, (int)Math.Min(1 << 26, bytes - at)));
        return host_TE.to(device);
    }

    public void Dispose()
    {
        foreach (Tensor? state in states) state?.Dispose();
        file?.Dispose();
    }
}
