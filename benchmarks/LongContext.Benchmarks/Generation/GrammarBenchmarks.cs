using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Benchmarks.Tokenization;
using LongContext.Generation;
using LongContext.Generation.Grammars;

namespace LongContext.Benchmarks.Generation;

/// <summary>A JSON text held to its schema token by token: the scores masked, the token taken. Baseline: a grammar that meets its states for the first time.</summary>
[Work("texts", 1)]
public class GrammarBenchmarks
{
    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},"tags":{"type":"array","items":{"type":"string","maxLength":30}},
        "kind":{"enum":["cat","dog","bird"]}},"required":["name","age","tags","kind"],"additionalProperties":false}
        """;

    private const string Text = """{"name": "Some Body", "age": 42, "tags": ["one", "two three", "four"], "kind": "dog"}""";
    private TokenizerSample sample = null!;
    private JsonGrammar warm = null!;
    private int[] tokens = [];
    private float[] scores = [];

    /// <summary>The tokenizer.</summary>
    [ParamsSource(nameof(Names))]
    public string Tokenizer { get; set; } = "";

    public static string[] Names => TokenizerSample.Names;

    [GlobalSetup]
    public void Setup()
    {
        sample = new TokenizerSample(Tokenizer, 1000, Text);
        tokens = [.. sample.Tokenizer.EncodeToIds(Text)];
        scores = new float[sample.Tokenizer.VocabularySize];
        warm = JsonGrammar.FromSchema(Schema, sample.Tokenizer);
        Agreement.Require("tokens taken", tokens.Length, Follow(warm), 0);
    }

    [Benchmark(Baseline = true)]
    public int NewGrammar() => Follow(JsonGrammar.FromSchema(Schema, sample.Tokenizer));

    [Benchmark]
    public int WarmGrammar() => Follow(warm);

    private int Follow(JsonGrammar grammar)
    {
        var constraint = new GrammarConstraint(grammar.Texts, []);
        int taken = 0;
        foreach (int token in tokens)
        {
            constraint.Mask(scores);
            if (constraint.TryAccept(token)) taken++;
        }

        return taken;
    }
}
