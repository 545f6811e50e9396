using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>A case on a device: tensors uploaded, outputs and workspace poisoned with NaN before each run.</summary>
internal sealed class DeviceAttention : IDisposable
{
    private readonly CudaContext context;
    private readonly AttentionPlan plan;
    private readonly DeviceRows projection, gradientProjection, output, gradientOutput;
    private readonly DeviceRows? keys, gradientKeys;
    private readonly CudaBuffer data, logSumExp, workspace;

    /// <param name="context">The device.</param>
    /// <param name="pack">The case.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="gap">
    /// Elements between a token's heads and the next token's. Where every token is a key, q, k and v are slices of one projection.
    /// </param>
    public DeviceAttention(CudaContext context, AttentionCase pack, AttentionTensors tensors, AttentionPlan plan, int gap = 8)
    {
        (this.context, this.plan) = (context, plan);
        int width = pack.Heads * pack.HeadSize, keyWidth = pack.KeyHeads * pack.HeadSize;
        if (pack.KeyLengths is null)
        {
            projection = new DeviceRows(context, pack.Element, pack.Tokens, gap, width, keyWidth, keyWidth);
            gradientProjection = new DeviceRows(context, pack.Element, pack.Tokens, gap, width, keyWidth, keyWidth);
        }
        else
        {
            projection = new DeviceRows(context, pack.Element, pack.Tokens, gap, width);
            gradientProjection = new DeviceRows(context, pack.Element, pack.Tokens, gap, width);
            keys = new DeviceRows(context, pack.Element, pack.Keys, gap, keyWidth, keyWidth);
            gradientKeys = new DeviceRows(context, pack.Element, pack.Keys, gap, keyWidth, keyWidth);
            keys.Set(0, tensors.K);
            keys.Set(1, tensors.V);
            keys.Upload();
        }

        projection.Set(0, tensors.Q);
        if (keys is null)
        {
            projection.Set(1, tensors.K);
            projection.Set(2, tensors.V);
        }

        projection.Upload();
        output = new DeviceRows(context, pack.Element, pack.Tokens, 2 * gap, width);
        gradientOutput = new DeviceRows(context, pack.Element, pack.Tokens, gap, width);
        gradientOutput.Set(0, tensors.GradientO);
        gradientOutput.Upload();
        data = new CudaBuffer(context, plan.Data.Length * sizeof(int));
        data.Upload(plan.Data.Span);
        logSumExp = new CudaBuffer(context, Math.Max(16, pack.Heads * pack.Tokens * sizeof(float)));
        workspace = new CudaBuffer(context, Math.Max(16, AttentionBackward.WorkspaceBytes(plan)));
    }

    private AttentionRows Q => projection[0];

    private AttentionRows K => keys is null ? projection[1] : keys[0];

    private AttentionRows V => keys is null ? projection[2] : keys[1];

    private AttentionGradients Gradients => new(
        gradientOutput[0], gradientProjection[0], gradientKeys is null ? gradientProjection[1] : gradientKeys[0],
        gradientKeys is null ? gradientProjection[2] : gradientKeys[1]);

    public void Forward()
    {
        PoisonForward();
        AttentionForward.Launch(context, plan, data.Address, Q, K, V, output[0], logSumExp.Address);
    }

    public void Backward()
    {
        PoisonBackward();
        AttentionBackward.Launch(context, plan, data.Address, Q, K, V, output[0], logSumExp.Address, Gradients, workspace.Address);
    }

    public void ReferenceForward()
    {
        PoisonForward();
        AttentionReference.Forward(context, plan, data.Address, Q, K, V, output[0], logSumExp.Address);
    }

    public void ReferenceBackward()
    {
        PoisonBackward();
        AttentionReference.Backward(context, plan, data.Address, Q, K, V, output[0], logSumExp.Address, Gradients);
    }

    public AttentionResults Results()
    {
        context.Synchronize();
        return new AttentionResults(
            output.Get(0), Array.ConvertAll(logSumExp.Download<float>(plan.Shape.Heads * plan.Tokens), x => (double)x), gradientProjection.Get(0),
            gradientKeys is null ? gradientProjection.Get(1) : gradientKeys.Get(0), gradientKeys is null ? gradientProjection.Get(2) : gradientKeys.Get(1));
    }

    public void Dispose()
    {
        foreach (IDisposable? item in new IDisposable?[] { projection, gradientProjection, output, gradientOutput, keys, gradientKeys, data, logSumExp, workspace })
            item?.Dispose();
    }

    private void PoisonForward()
    {
        output.Upload();
        logSumExp.Fill(0xff);
    }

    private void PoisonBackward()
    {
        gradientProjection.Upload();
        gradientKeys?.Upload();
        workspace.Fill(0xff);
    }
}
