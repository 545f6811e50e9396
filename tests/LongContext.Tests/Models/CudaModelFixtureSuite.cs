using LongContext.Attention;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>
/// Every model folder of the fixtures in half types through the tiled attention kernels: transformers' float32 logits, loss and gradients within
/// twice the error that libtorch's attention in the same type makes there, plus a unit in the last place of the largest.
/// </summary>
[Trait(FixtureTraits.Name, FixtureTraits.Models)]
public abstract class CudaModelFixtureSuite
{
    public static TheoryData<string, ScalarType> Cases()
    {
        var cases = new TheoryData<string, ScalarType>();
        foreach (TheoryDataRow<string> row in FixtureModels.All())
        {
            cases.Add(row.Data, ScalarType.BFloat16);
            cases.Add(row.Data, ScalarType.Float16);
        }

        return cases;
    }

    private protected abstract CudaAttentionKernel Kernel { get; }

    protected virtual Device Device => CPU;

    [Theory, MemberData(nameof(Cases))]
    public void Forward_PastTheTrainedWindow_GivesTransformersLogits(string name, ScalarType type)
    {
        using SafetensorsFile golden = FixtureModels.Golden(name);
        int[] ids = FixtureModels.Ids(golden, "long.input_ids");
        using CausalLanguageModel ours = Load(name, type, Kernel), peer = Load(name, type, AttentionKernels.Libtorch);
        AssertNear(golden.ReadArray<float>("long.logits"), Logits(ours, ids), Logits(peer, ids), type, "logits");
    }

    [Theory, MemberData(nameof(Cases))]
    public void Backward_ShortRows_GivesTransformersLossAndEveryGradient(string name, ScalarType type)
    {
        using SafetensorsFile golden = FixtureModels.Golden(name);
        int rows = (int)golden.Tensors["short.input_ids"].Shape[0];
        PackedBatch pack = PackedBatch.Create([.. Enumerable.Range(0, rows).Select(row => new TokenSequence(FixtureModels.Ids(golden, "short.input_ids", row)))]);
        using CausalLanguageModel ours = Load(name, type, Kernel), peer = Load(name, type, AttentionKernels.Libtorch);
        StepGradients step = StepGradients.Layerwise(ours, [pack], scale: 1 / pack.LossNormalizer), peers = StepGradients.Layerwise(peer, [pack], scale: 1 / pack.LossNormalizer);

        float[] loss = golden.ReadArray<float>("short.loss");
        AssertNear(loss, [(float)(step.Loss / pack.LossNormalizer)], [(float)(peers.Loss / pack.LossNormalizer)], type, "loss");
        foreach (string parameter in ours.Parameters.Keys)
        {
            float[] expected = golden.ReadArray<float>("grad." + parameter);
            AssertNear(expected, Narrow(step.Gradients[parameter]), Narrow(peers.Gradients[parameter]), type, parameter);
        }

        static float[] Narrow(double[] values) => Array.ConvertAll(values, value => (float)value);
    }

    private CausalLanguageModel Load(string name, ScalarType type, IAttentionKernel kernel) =>
        FixtureModels.Load(name, new ModelLoadOptions { DataType = type, Device = Device, AttentionKernel = kernel });

    private static float[] Logits(CausalLanguageModel model, int[] ids)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using PackedInputs inputs = PackedInputs.Create(PackedBatch.CreatePrompt(ids), model.Device);
        return model.Logits(model.Forward(inputs)).to(ScalarType.Float32).cpu().data<float>().ToArray();
    }

    /// <summary>By norm, so that one element whose rounding fell the other way decides nothing.</summary>
    private static void AssertNear(float[] expected, float[] ours, float[] peer, ScalarType type, string what)
    {
        Assert.Equal(expected.Length, ours.Length);
        double size = Distance(expected, new float[expected.Length]), unit = Math.ScaleB(1, type == ScalarType.BFloat16 ? -8 : -11);
        double mine = Distance(expected, ours), allowed = (2 * Distance(expected, peer)) + (unit * size);
        Assert.True(mine <= allowed, $"{what} ({type}): off by {mine:E2}, libtorch's attention by {Distance(expected, peer):E2}, of a norm of {size:E2}");
    }

    private static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));
}
