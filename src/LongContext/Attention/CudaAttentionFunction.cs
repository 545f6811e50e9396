using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>The CUDA kernels as a node of autograd's graph: q, k and v, then the kernel and its arguments.</summary>
/// <remarks>TorchSharp makes one more tensor of the output's size for each node; training calls the backward without a graph and is spared it.
/// What fails in the backward is thrown by the kernel's next call, and the gradients are NaN, or none where what was saved cannot be had: an exception there would end the process.</remarks>
internal sealed class CudaAttentionFunction : autograd.SingleTensorFunction<CudaAttentionFunction>
{
    private const string Kernel = "kernel", Arguments = "arguments";

    public override string Name => nameof(CudaAttentionFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (q, k, v) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        var kernel = (CudaAttentionKernel)vars[3];
        var arguments = (AttentionArguments)vars[4];
        (Tensor output, Tensor logSumExp) = kernel.Run(q, k, v, arguments);
        ctx.save_for_backward([q, k, v, output, logSumExp]);
        ctx.save_data(Kernel, kernel);
        ctx.save_data(Arguments, arguments);
        return output;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var kernel = (CudaAttentionKernel)ctx.get_data(Kernel);
        List<Tensor> saved = [];
        try
        {
            // Refused where one of them was changed in place since.
            saved = ctx.get_saved_variables();
            (Tensor q, Tensor k, Tensor v) = kernel.Backward(saved[0], saved[1], saved[2], saved[3], saved[4], grad_output, (AttentionArguments)ctx.get_data(Arguments));
            return [q, k, v, null!, null!];
        }
#pragma warning disable CA1031 // whatever it is: libtorch calls this, and an exception on its stack ends the process
        catch (Exception e)
#pragma warning restore CA1031
        {
            kernel.BackwardFailed(e);
            if (saved.Count == 0) return [null!, null!, null!, null!, null!];
            return [.. saved.Take(3).Select(input => TensorArithmetic.FilledLike(input, double.NaN)), null!, null!];
        }
        finally
        {
            foreach (Tensor each in saved) each.Dispose();
        }
    }
}
