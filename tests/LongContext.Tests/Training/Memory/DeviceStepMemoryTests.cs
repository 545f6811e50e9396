using LongContext.Checkpoints;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Models.Families;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Memory;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Memory;

/// <summary>A step's memory on a GPU follows the kernels that run there.</summary>
public sealed class DeviceStepMemoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(4097)]
    public void TiledWorkspace_OfOneDocument_IsWhatTheBackwardAsksFor(int tokens)
    {
        foreach (int size in TileChoice.HeadSizes)
        {
            var shape = new AttentionShape { Element = AttentionElement.BFloat16, HeadSize = size, Heads = 4, KeyHeads = 2, Scale = 1, WindowLeft = AttentionParameters.NoWindow, WindowRight = 0 };
            long planned = Step("llama", size, tokens, ScalarType.BFloat16).TiledWorkspace, tile = 128L * 4 * size * sizeof(float);
            foreach (AttentionPath? path in new AttentionPath?[] { AttentionPath.Portable, null })
            {
                long expected = AttentionBackward.WorkspaceBytes(new AttentionPlan(shape, GpuArchitecture.H100, [0, tokens], path: path));
                // Parts begin at multiples of 256 bytes; the path that does not run may have the larger tile.
                Assert.InRange(planned - expected, -3 * 256, tile);
            }
        }
    }

    [Fact]
    public void Moments_WithASoftCapAndAWindow_DoNotGrowWithPairsOfTokens()
    {
        // libtorch has all scores in memory, in float32 as in a head size that the tiled kernels lack.
        foreach ((int size, ScalarType type, bool linear) in new[] { (128, ScalarType.BFloat16, true), (128, ScalarType.Float32, false), (112, ScalarType.BFloat16, false) })
        {
            double growth = (double)Attention(16_384) / Attention(8192);
            Assert.Equal(linear, growth < 2.1);
            long Attention(int tokens) => Step("gemma2", size, tokens, type).Moments.Single(each => each.Moment == "in the backward of attention").Bytes;
        }
    }

    [Fact]
    public void Moments_OfTheHead_HaveOneChunkOfLogitsInTheWeightsType()
    {
        const int tokens = 4096;
        foreach ((ScalarType type, int size) in new[] { (ScalarType.BFloat16, 2), (ScalarType.Float32, 4) })
        {
            long head = Step("llama", 128, tokens, type).Moments.Single(each => each.Moment == "in the head").Bytes;
            Assert.Equal((2L * tokens * 512 * size) + (HeadChunk.Rows(32_000, onGpu: true, tokens) * 32_000 * size), head);
        }
    }

    private static StepMemory Step(string family, int headSize, int tokens, ScalarType type)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["config.json"], $$"""
            {"model_type": "{{family}}", "vocab_size": 32000, "hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 8, "num_attention_heads": 4,
             "num_key_value_heads": 2, "head_dim": {{headSize}}, "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "sliding_window": 1024}
            """);
        return new StepMemory(ModelFamily.ReadShape(ModelConfig.Load(folder.Path)), ActivationPolicy.RecomputeLayers, type, onGpu: true, tokens);
    }
}
