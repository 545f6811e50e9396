using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace LongContext.Package.Tests.Architecture;

/// <summary>
/// TorchSharp's operators make Scalar objects that a garbage collection may free while libtorch reads them; the library computes
/// with its own TensorArithmetic instead. What an assembly calls stands in its table of member references.
/// </summary>
public sealed class ScalarTests
{
    /// <summary>Operators on two tensors that make no Scalar.</summary>
    private static readonly HashSet<string> Harmless =
        ["op_Multiply", "op_Division", "op_LessThan", "op_LessThanOrEqual", "op_GreaterThan", "op_GreaterThanOrEqual"];

    /// <summary>Methods that make one inside, or whose overload without it does.</summary>
    private static readonly HashSet<string> Hidden = ["square", "pow", "pow_", "item", "ToDouble", "ToSingle", "ToInt64", "sub", "sub_", "normal"];

    [Fact]
    public void References_OfTheLibrary_MakeNoScalarThatNothingHolds()
    {
        using FileStream stream = File.OpenRead(typeof(LongContextTrainer).Assembly.Location);
        using var executable = new PEReader(stream);
        MetadataReader metadata = executable.GetMetadataReader();
        List<string> faults = [];
        int seen = 0;
        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference || member.GetKind() != MemberReferenceKind.Method) continue;
            TypeReference type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
            string typeName = metadata.GetString(type.Name), name = metadata.GetString(member.Name);
            if (typeName is not ("Scalar" or "Tensor" or "ScalarExtensionMethods" or "torch")) continue;
            seen++;
            int tensors = Parameters(metadata, member).Count(parameter => parameter == "Tensor");
            int scalars = Parameters(metadata, member).Count(parameter => parameter == "Scalar");
            bool faulty = name == "op_Implicit" && typeName == "Scalar"
                || name.StartsWith("op_", StringComparison.Ordinal) && typeName == "Tensor" && !(Harmless.Contains(name) && tensors == 2)
                || name is "add" or "add_" && scalars == 0
                || (name is "add" or "add_") && tensors == 0 && scalars < 2
                || Hidden.Contains(name);
            if (faulty) faults.Add($"{typeName}.{name}({string.Join(", ", Parameters(metadata, member))})");
        }

        Assert.True(seen > 20, $"only {seen} references to TorchSharp were found");
        Assert.Empty(faults);
    }

    private static ImmutableArray<string> Parameters(MetadataReader metadata, MemberReference member) =>
        member.DecodeMethodSignature(new NameProvider(metadata), genericContext: null).ParameterTypes;

    /// <summary>Types by their bare names.</summary>
    private sealed class NameProvider(MetadataReader reader) : ISignatureTypeProvider<string, object?>
    {
        public string GetArrayType(string elementType, ArrayShape shape) => elementType + "[]";

        public string GetByReferenceType(string elementType) => elementType + "&";

        public string GetFunctionPointerType(MethodSignature<string> signature) => "*";

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
            $"{genericType}<{string.Join(", ", typeArguments)}>";

        public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

        public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetPointerType(string elementType) => elementType + "*";

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetTypeFromDefinition(MetadataReader metadata, TypeDefinitionHandle handle, byte rawTypeKind) =>
            metadata.GetString(metadata.GetTypeDefinition(handle).Name);

        public string GetTypeFromReference(MetadataReader metadata, TypeReferenceHandle handle, byte rawTypeKind) =>
            metadata.GetString(metadata.GetTypeReference(handle).Name);

        public string GetTypeFromSpecification(MetadataReader metadata, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);
    }
}
