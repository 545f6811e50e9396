namespace LongContext.Cuda.Attention;

/// <summary>Checks what a call was given and fills in the kernels' argument.</summary>
internal static class AttentionCall
{
    /// <summary>What forward and backward have in common.</summary>
    /// <exception cref="ArgumentException">Names the rows at fault.</exception>
    public static AttentionParameters Of(
        AttentionPlan plan, nint data, AttentionRows q, AttentionRows k, AttentionRows v, AttentionRows o, nint logSumExp)
    {
        AttentionShape shape = plan.Shape;
        q.Check(nameof(q), plan.Tokens, shape.Heads, shape.HeadSize);
        k.Check(nameof(k), plan.Keys, shape.KeyHeads, shape.HeadSize);
        v.Check(nameof(v), plan.Keys, shape.KeyHeads, shape.HeadSize);
        o.Check(nameof(o), plan.Tokens, shape.Heads, shape.HeadSize);
        CheckAddress(data, sizeof(int), nameof(data));
        if (plan.Tokens > 0) CheckAddress(logSumExp, sizeof(float), nameof(logSumExp));
        return new AttentionParameters
        {
            Q = q.Address, K = k.Address, V = v.Address, O = o.Address, LogSumExp = logSumExp,
            QStride = q.Stride, KStride = k.Stride, VStride = v.Stride, OStride = o.Stride,
            QueryBorders = plan.QueryBorders.In(data), KeyBorders = plan.KeyBorders.In(data),
            Tokens = plan.Tokens, Keys = plan.Keys, Heads = shape.Heads, KeyHeads = shape.KeyHeads,
            WindowLeft = shape.WindowLeft, WindowRight = shape.WindowRight, Scale = shape.Scale, Cap = shape.Cap, Size = shape.HeadSize,
        };
    }

    /// <summary>Adds the rows of a backward pass to a call's parameters.</summary>
    /// <exception cref="ArgumentException">Names the rows at fault.</exception>
    public static void AddGradients(ref AttentionParameters p, AttentionPlan plan, in AttentionGradients gradients)
    {
        AttentionShape shape = plan.Shape;
        gradients.Output.Check("gradients.Output", plan.Tokens, shape.Heads, shape.HeadSize);
        gradients.Q.Check("gradients.Q", plan.Tokens, shape.Heads, shape.HeadSize);
        gradients.K.Check("gradients.K", plan.Keys, shape.KeyHeads, shape.HeadSize);
        gradients.V.Check("gradients.V", plan.Keys, shape.KeyHeads, shape.HeadSize);
        p.GradientO = gradients.Output.Address;
        p.GradientQ = gradients.Q.Address;
        p.GradientK = gradients.K.Address;
        p.GradientV = gradients.V.Address;
        p.GradientOStride = gradients.Output.Stride;
        p.GradientQStride = gradients.Q.Stride;
        p.GradientKStride = gradients.K.Stride;
        p.GradientVStride = gradients.V.Stride;
    }

    /// <exception cref="ArgumentException">An address that is none or not aligned.</exception>
    public static void CheckAddress(nint address, int alignment, string name)
    {
        if (address == 0 || address % alignment != 0) throw new ArgumentException($"{name} is address {address:X}; a multiple of {alignment} is expected.", name);
    }
}
