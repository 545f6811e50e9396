using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>
/// Choosing from a prompt where it must win: a model of one head that looks for earlier tokens equal to the one it is at. What the prompt's end asks for lies far back, where the latest tokens do not reach.
/// </summary>
public sealed class PromptChoiceRetrievalTests
{
    private const int Vocabulary = 64, Size = 64, CodeSize = 16, Prompt = 600, Needle = 8;

    [Theory]
    [InlineData(VotePooling.Maximum, 1)]
    [InlineData(VotePooling.Maximum, 7)]
    [InlineData(VotePooling.Mean, 5)]
    public void Choice_PromptsEndNamesAFarPassage_KeepsAllOfIt(VotePooling pooling, int pool)
    {
        using CausalLanguageModel model = Matcher();
        using var driver = new StepDriver(new CpuModelRunner(model, new RunnerOptions { MaximumTokens = 600, Threads = 1 }));
        for (int seed = 0; seed < 30; seed++)
        {
            var random = new SplitMix64(9, seed);
            var tokens = new int[Prompt];
            for (int i = 0; i < Prompt; i++) tokens[i] = Needle + random.NextInt(Vocabulary - Needle);
            int at = 20 + random.NextInt(450);
            for (int i = 0; i < Needle; i++) tokens[at + i] = tokens[Prompt - Needle + i] = i;
            var choice = new PromptChoice(new PromptSelection { MaximumTokens = 32, ObservedTokens = Needle, Pooling = pooling, PoolSize = pool }, Prompt);
            DrivenSequence sequence = driver.Start(tokens, null, null, choice);
            driver.Step((sequence, Prompt - Needle, 1));
            driver.Step((sequence, Needle, Needle));
            int[] kept = choice.Kept(0, 0).ToArray();
            driver.Release(sequence);
            Assert.Equal(32, kept.Length);
            Assert.Equal(Enumerable.Range(at, Needle), kept.Where(token => token >= at && token < at + Needle));
        }
    }

    /// <summary>Queries and keys are the tokens' codes, ±1, in the slowest of the rotary pairs, which stand still over the prompt.</summary>
    private static CausalLanguageModel Matcher()
    {
        CausalLanguageModel model = CausalLanguageModel.Create(
            new ModelConfig
            {
                ModelType = "llama", VocabularySize = Vocabulary, HiddenSize = Size, IntermediateSize = 64, LayerCount = 1, HeadCount = 1, KeyValueHeadCount = 1, HeadDimension = Size, MaxPositionEmbeddings = 1024, RopeTheta = 1e12,
            },
            seed: 1, new ModelLoadOptions { DataType = ScalarType.Float32 });
        float[] embedding = new float[Vocabulary * Size], map = new float[Size * Size];
        for (int token = 0; token < Vocabulary; token++)
        {
            var random = new SplitMix64(5, token);
            for (int i = 0; i < CodeSize; i++) embedding[(token * Size) + i] = random.NextInt(2) == 0 ? 1 : -1;
        }

        for (int i = 0; i < CodeSize; i++)
        {
            int pair = 24 + (i / 2), place = i % 2 == 0 ? pair : pair + (Size / 2);
            map[(place * Size) + i] = 2.5f;
        }

        Set("model.embed_tokens.weight", embedding, Vocabulary);
        Set("model.layers.0.self_attn.q_proj.weight", map, Size);
        Set("model.layers.0.self_attn.k_proj.weight", map, Size);
        return model;

        void Set(string name, float[] values, int rows)
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            model.Parameters[name].copy_(tensor(values).reshape(rows, Size));
        }
    }
}
