using LongContext.Checkpoints;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Generation.Running;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>The GPU's runner over the CPU's memory, its kernels' PTX emulated: what it gives is what the modules give, to the rounding of the type.</summary>
public sealed class EmulatedCudaModelRunnerTests : IDisposable
{
    private const string Sizes = """
        "vocab_size": 80, "hidden_size": 128, "intermediate_size": 96, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 64, "initializer_range": 0.15,
        "rms_norm_eps": 1e-6, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "tie_word_embeddings": false,
        """;

    private const string Positions = """, "max_position_embeddings": 256, "rope_parameters": { "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5 } """;

    private static readonly RunnerOptions Options = new() { PageTokens = 16, MaximumTokens = 64 };

    private readonly EmulatedDriver driver = new(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false, CountMemory = false, Multiprocessors = 4, Capability = 80 });
    private readonly CudaContext context;

    public EmulatedCudaModelRunnerTests() => context = new CudaContext(driver, 0);

    public static TheoryData<string, ScalarType> Families => new()
    {
        { "llama", ScalarType.BFloat16 },
        { "llama", ScalarType.Float16 },
        { "llama-dynamic", ScalarType.BFloat16 },
        { "qwen2", ScalarType.BFloat16 },
        { "qwen3", ScalarType.BFloat16 },
        { "mistral", ScalarType.BFloat16 },
        { "gemma2", ScalarType.BFloat16 },
        { "gemma3", ScalarType.BFloat16 },
        { "phi3", ScalarType.BFloat16 },
        { "olmo2", ScalarType.BFloat16 },
    };

    [Theory, MemberData(nameof(Families))]
    public void Steps_OfPromptsAndTokens_GiveTheModulesLogits(string family, ScalarType dataType)
    {
        using CausalLanguageModel model = Model(family, dataType);
        int[] tokens = ModelRunnerSuite.Strangers(model, 60, 3);
        using var expected = new StepDriver(new TorchModelRunner(model, Options), 3);
        CudaModelRunner runner = Create(model);
        using var actual = new StepDriver(runner, 5);
        DrivenSequence own = expected.Start(tokens), tested = actual.Start(tokens), stranger = actual.Start(ModelRunnerSuite.Strangers(model, 33, 9));

        // A chunk of a prompt by the modules, then tokens: alone, beside a stranger, several at a time.
        float[][] wanted = [.. expected.Step((own, 40, 2))[0], .. expected.Step((own, 20, 20))[0]];
        var found = new List<float[]>(actual.Step((tested, 40, 2))[0]);
        Assert.Equal(0, runner.Steps.Kernels);
        actual.Step((stranger, 17, 0));
        found.AddRange(actual.Step((tested, 1, 1))[0]);
        found.AddRange(actual.Step((tested, 1, 1))[0]);
        found.AddRange(actual.Step((stranger, 1, 1), (tested, 1, 1))[1]);
        found.AddRange(actual.Step((tested, 1, 1), (stranger, 1, 0))[0]);
        found.AddRange(actual.Step((tested, 1, 1), (stranger, 1, 1))[0]);
        found.AddRange(actual.Step((tested, 1, 1))[0]);
        found.AddRange(actual.Step((tested, 3, 3), (stranger, 2, 1))[0]);
        found.AddRange(actual.Step((stranger, 5, 1), (tested, 11, 11))[1]);
        Assert.Equal(8, runner.Steps.Kernels);
        Assert.True(runner.Steps.Graphs >= 2, $"{runner.Steps.Graphs} graphs were launched");
        Assert.Equal(wanted.Length, found.Count);
        double largest = wanted.Max(row => row.Max(MathF.Abs)), worst = wanted.Zip(found).Max(pair => ModelRunnerSuite.Largest(pair.First, pair.Second));
        TestContext.Current.SendDiagnosticMessage($"{family} {dataType}: {worst / largest:E2}");
        Assert.True(worst <= 0.03 * largest, $"{family}: off by {worst / largest:E2} of the largest logit");
        actual.Release(tested);
        actual.Release(stranger);
        Assert.Equal(0, runner.Pages.CommittedBytes);
    }

    public void Dispose()
    {
        context.Dispose();
        driver.Dispose();
    }

    private CudaModelRunner Create(CausalLanguageModel model) => new(model, Options, context, addressBytes: 8 << 20, chunkBytes: 1);

    private static CausalLanguageModel Model(string family, ScalarType dataType) =>
        CausalLanguageModel.Create(ModelConfig.Parse("{" + Sizes + family switch
        {
            "llama" => """ "model_type": "llama", "num_hidden_layers": 2 """,
            "llama-dynamic" => """ "model_type": "llama", "num_hidden_layers": 2, "max_position_embeddings": 32, "rope_parameters": { "rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0 } """,
            "qwen2" => """ "model_type": "qwen2", "num_hidden_layers": 2 """,
            "qwen3" => """ "model_type": "qwen3", "num_hidden_layers": 2 """,
            "mistral" => """ "model_type": "mistral", "num_hidden_layers": 2, "sliding_window": 20 """,
            "gemma2" => """ "model_type": "gemma2", "num_hidden_layers": 2, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 20, "query_pre_attn_scalar": 64 """,
            "gemma3" => """ "model_type": "gemma3_text", "num_hidden_layers": 3, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 20, "sliding_window_pattern": 3, "query_pre_attn_scalar": 64, "max_position_embeddings": 256,
                "rope_parameters": { "full_attention": { "rope_theta": 1000000.0, "rope_type": "default" }, "sliding_attention": { "rope_theta": 10000.0, "rope_type": "default" } } """,
            "phi3" => """ "model_type": "phi3", "num_hidden_layers": 2 """,
            _ => """ "model_type": "olmo2", "num_hidden_layers": 2 """,
        } + (family is "llama-dynamic" or "gemma3" ? "" : Positions) + "}", "config.json"), 5, new ModelLoadOptions { DataType = dataType });
}
