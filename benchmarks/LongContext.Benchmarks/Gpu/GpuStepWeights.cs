using LongContext.Cuda.Driver;
using LongContext.Cuda.Linear;

namespace LongContext.Benchmarks.Gpu;

/// <summary>A model's matrices in bfloat16, each in memory of its own, as a step must read them.</summary>
internal sealed class GpuStepWeights : IDisposable
{
    private readonly List<CudaBuffer> buffers = [];

    public GpuStepWeights(CudaContext context, GpuStepShape shape)
    {
        Shape = shape;
        Norm = Make(context, shape.Hidden, 1).Codes;
        Layers = [.. Enumerable.Range(0, shape.Layers).Select(_ => new Layer(
            Make(context, shape.Projected, shape.Hidden), Make(context, shape.Hidden, shape.Heads * shape.HeadSize), Make(context, shape.Intermediate, shape.Hidden),
            Make(context, shape.Intermediate, shape.Hidden), Make(context, shape.Hidden, shape.Intermediate)))];
        Head = Make(context, shape.Vocabulary, shape.Hidden);
    }

    public GpuStepShape Shape { get; }

    /// <summary>Bytes of all matrices; of the embedding, which is the head, a step reads a row more.</summary>
    public long Bytes { get; private set; }

    /// <summary>Weights of every norm.</summary>
    public nint Norm { get; }

    public IReadOnlyList<Layer> Layers { get; }

    public LinearWeight Head { get; }

    public void Dispose()
    {
        foreach (CudaBuffer buffer in buffers) buffer.Dispose();
    }

    private LinearWeight Make(CudaContext context, int outputs, int inputs)
    {
        var buffer = new CudaBuffer(context, 2L * outputs * inputs);
        buffers.Add(buffer);
        buffer.Fill(0x3c); // 0.0115
        Bytes += buffer.Bytes;
        return new LinearWeight { Format = LinearFormat.Plain, Outputs = outputs, Inputs = inputs, Codes = buffer.Address };
    }

    /// <summary>Matrices of a layer.</summary>
    internal sealed record Layer(LinearWeight QueryKeyValue, LinearWeight Output, LinearWeight Gate, LinearWeight Up, LinearWeight Down);
}
