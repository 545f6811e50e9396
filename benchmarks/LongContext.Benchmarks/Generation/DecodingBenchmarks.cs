using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Generation;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Generation;

/// <summary>
/// Prompt in, 32 greedy tokens out, by a Llama of 4 layers and width 128. Baseline: a plain loop whose cache is joined anew for
/// each token. The rate counts the new tokens, with the prompt's time in it.
/// </summary>
[Work("tokens", NewTokens)]
public class DecodingBenchmarks
{
    private const int NewTokens = 32;
    private const int Vocabulary = 4096;
    private CausalLanguageModel model = null!;
    private PlainLlama plain = null!;
    private int[] prompt = [];

    /// <summary>Tokens of the prompt.</summary>
    [Params(64, 512)]
    public int PromptTokens { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        model = SmallModels.Create(Vocabulary);
        plain = new PlainLlama(model, requiresGradient: false);
        prompt = Documents.Tokens(PromptTokens, Vocabulary, new Random(1));
        Agreement.Require("tokens without cache", PlainLoopWithConcatenatedCache(), PlainLoopWithoutCache());
        Agreement.Require("tokens of TextGenerator", PlainLoopWithConcatenatedCache(), TextGenerator());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        model.Dispose();
        plain.Dispose();
    }

    [Benchmark(Baseline = true)]
    public int[] PlainLoopWithConcatenatedCache()
    {
        using var noGradient = no_grad();
        var made = new int[NewTokens];
        var cache = new (Tensor K, Tensor V)?[plain.LayerCount];
        int[] next = prompt;
        for (int i = 0; i < NewTokens; i++)
        {
            using var scope = NewDisposeScope();
            (Tensor K, Tensor V)?[] before = [.. cache];
            made[i] = Likeliest(plain.Logits(Row(next), cache, lastOnly: true));
            foreach ((Tensor K, Tensor V)? layer in cache) _ = (layer!.Value.K.DetachFromDisposeScope(), layer.Value.V.DetachFromDisposeScope());
            Release(before);
            next = [made[i]];
        }

        Release(cache);
        return made;
    }

    [Benchmark]
    public int[] PlainLoopWithoutCache()
    {
        using var noGradient = no_grad();
        var tokens = new List<int>(prompt);
        for (int i = 0; i < NewTokens; i++)
        {
            using var scope = NewDisposeScope();
            tokens.Add(Likeliest(plain.Logits(Row([.. tokens]), lastOnly: true)));
        }

        return [.. tokens.Skip(prompt.Length)];
    }

    [Benchmark]
    public int[] TextGenerator() =>
        new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = NewTokens, StopTokenIds = [] });

    private static Tensor Row(int[] tokens) => tensor(Array.ConvertAll(tokens, token => (long)token), [1, tokens.Length]);

    private static int Likeliest(Tensor logits) => (int)logits.argmax().item<long>();

    private static void Release((Tensor K, Tensor V)?[] cache)
    {
        foreach ((Tensor K, Tensor V)? layer in cache)
        {
            layer?.K.Dispose();
            layer?.V.Dispose();
        }
    }
}
