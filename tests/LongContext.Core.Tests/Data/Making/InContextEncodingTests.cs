using LongContext.Core.Tests.Tokenization;
using LongContext.Data.Examples;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Data.Making;

/// <summary>What is packed must fit once it is encoded, by tokenizers that join pieces, add a beginning and normalise.</summary>
public sealed class InContextEncodingTests
{
    private const int Context = 384;

    public static TheoryData<string> Real => new("llama2", "llama3_1", "qwen3");

    [Theory]
    [MemberData(nameof(Real))]
    public void Encode_PacksOfRealTokenizers_FitAndAreFull(string name) =>
        AssertFits(TokenizerFolders.Load(name), (i, random) => MakingTexts.Random(i, 1 + random.NextInt(12)));

    [Fact]
    public void Encode_PacksOfTheSamplesWords_FitAndAreFull()
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel"));
        AssertFits(tokenizer, (_, random) =>
        {
            SplitMix64 drawn = random;
            return string.Join(' ', Enumerable.Range(0, 1 + drawn.NextInt(12)).Select(_ => tokenizer.GetToken(40 + drawn.NextInt(900))));
        });
    }

    private static void AssertFits(HuggingFaceTokenizer tokenizer, Func<int, SplitMix64, string> text)
    {
        ExampleEncoder encoder = new(tokenizer);
        TrainingExample[] tasks = [.. Enumerable.Range(0, 300).Select(i => new PromptExample("Q: " + text(i, new SplitMix64(1, i)) + "\nA:", " " + text(1000 + i, new SplitMix64(2, i))))];
        foreach (InContextLoss loss in Enum.GetValues<InContextLoss>())
        {
            InContextOptions options = new() { Tokenizer = tokenizer, ContextLength = Context, Loss = loss };
            TokenSequence[] packs = [.. new InContextPacker(options).Pack(tasks).Select(encoder.Encode)];
            Assert.All(packs, pack => Assert.InRange(pack.Length, 2, Context));

            // A task is far below half a context; only the last may be nearly empty.
            Assert.All(packs[..^1], pack => Assert.InRange(pack.Length, Context / 2, Context));
            Assert.Equal(loss == InContextLoss.Everything, packs[0].LossMask.IsEmpty);
            int counted = packs.Sum(pack => pack.CountTargets());
            if (loss != InContextLoss.Everything) Assert.InRange(counted, packs.Length, packs.Sum(pack => pack.Length) * 3 / 4);
        }
    }
}
