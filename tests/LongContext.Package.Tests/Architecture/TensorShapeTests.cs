using Mono.Cecil;
using Mono.Cecil.Cil;

namespace LongContext.Package.Tests.Architecture;

/// <summary>
/// A shape or strides as an array cost a pinned array with a finalizer and a call back from native code, each time: <c>x.size(0)</c>, not <c>x.shape[0]</c>. Millions of them kept the finalizers' thread busy all
/// the time in tests of small models.
/// </summary>
public sealed class TensorShapeTests
{
    [Fact]
    public void Shapes_OfTheLibrary_AreNotMadeForOneDimension()
    {
        using ModuleDefinition module = CompiledCode.Read(typeof(LongContextTrainer).Assembly.Location);
        List<string> faults = [];
        int seen = 0;
        foreach (MethodDefinition method in CompiledCode.Bodies(module))
        {
            foreach (Instruction step in method.Body.Instructions)
            {
                if (step.Operand is not MethodReference { DeclaringType.FullName: "TorchSharp.torch/Tensor" } called) continue;
                if (called.Name == "size" && called.Parameters.Count == 1) seen++;
                bool isArray = called.Name == "get_shape" || (called.Name is "size" or "stride" && called.Parameters.Count == 0);
                // The index, a constant mostly, and then the element.
                if (isArray && step.Next?.Next?.OpCode.Code == Code.Ldelem_I8) faults.Add(CompiledCode.Place(method, step));
            }
        }

        Assert.True(seen > 50, $"only {seen} sizes were found");
        Assert.Empty(faults);
    }
}
