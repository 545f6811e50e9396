using System.Diagnostics;
using LongContext.Benchmarks.Baselines;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>The plain loop: one greedy token after another, keys and values joined to the cache anew each time.</summary>
internal sealed class PlainLoop : IDisposable
{
    private readonly PlainLlama model;
    private readonly (Tensor K, Tensor V)?[] prompt;
    private readonly int first;

    public PlainLoop(PlainLlama model, int[] prompt)
    {
        this.model = model;
        this.prompt = new (Tensor K, Tensor V)?[model.LayerCount];
        first = Step(prompt, this.prompt);
    }

    /// <summary>Seconds of each token after the prompt; begins at its end each time.</summary>
    public List<double> Decode(int count)
    {
        var cache = ((Tensor K, Tensor V)?[])prompt.Clone();
        var times = new List<double>();
        int token = first;
        for (int i = 0; i < count; i++)
        {
            var before = ((Tensor K, Tensor V)?[])cache.Clone();
            long start = Stopwatch.GetTimestamp();
            token = Step([token], cache);
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (i > 0) Release(before);
        }

        Release(cache);
        return times;
    }

    public void Dispose() => Release(prompt);

    private int Step(int[] tokens, (Tensor K, Tensor V)?[] cache)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor logits = model.Logits(tensor(Array.ConvertAll(tokens, token => (long)token), [1, tokens.Length]), cache, lastOnly: true);
        int next = (int)logits.argmax().item<long>();
        foreach ((Tensor K, Tensor V)? layer in cache) _ = (layer!.Value.K.DetachFromDisposeScope(), layer.Value.V.DetachFromDisposeScope());
        return next;
    }

    private static void Release((Tensor K, Tensor V)?[] cache)
    {
        foreach ((Tensor K, Tensor V)? layer in cache)
        {
            layer?.K.Dispose();
            layer?.V.Dispose();
        }
    }
}
