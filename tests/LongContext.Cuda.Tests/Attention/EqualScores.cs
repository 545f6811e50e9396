using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>
/// All scores of a query are the same, so that its maximum stays from the first tile on, and values cancel out: any factor but 1 between tiles, how
/// small it may be, adds up over them and shows. Scores are large and no multiples of a power of two, so that they are rounded when scaled.
/// </summary>
internal static class EqualScores
{
    public static void AssertWeighedAlike(CudaContext context, int headSize, GpuArchitecture architecture, AttentionPath path)
    {
        const int keys = 4096;
        var pack = new AttentionCase("equal scores", [20], [keys]) { HeadSize = headSize, WindowRight = AttentionParameters.NoWindow };
        foreach (float cap in new[] { 0, 30f })
        {
            AttentionCase capped = pack with { Cap = cap };
            var tensors = new AttentionTensors(capped);
            for (int i = 0; i < tensors.Q.Length; i++) tensors.Q[i] = 2 + (i / headSize / 8f);
            tensors.K.AsSpan().Fill(3);
            for (int i = 0; i < tensors.V.Length; i++) tensors.V[i] = i < keys / 2 * headSize ? 1 : -1;
            using var device = new DeviceAttention(
                context, capped, tensors, new AttentionPlan(capped.Shape, architecture, capped.QueryBorders, capped.KeyBorders, withBackward: false, path));
            device.Forward();
            Assert.All(device.Results().O, x => Assert.Equal(0, x));
        }
    }
}
