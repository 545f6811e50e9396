namespace LongContext.Cuda.Emulation.Parsing;

internal sealed partial class PtxParser
{
    private PtxKernel kernel = null!;
    private PtxScope scope = null!;
    private Dictionary<string, PtxVariable> localNames = [];

    private void ReadKernel(int line)
    {
        kernel = new PtxKernel { Name = text.ExpectName(), Line = line };
        if (!module.Kernels.TryAdd(kernel.Name, kernel))
            throw text.Error($"kernel {kernel.Name} is defined twice", line);
        scope = new PtxScope(null);
        localNames = [];
        if (text.Accept('('))
            ReadParameters();
        KernelDirectives();
        text.Expect('{');
        ReadBody();
        CloseScope();
        if (kernel.Instructions.Count == 0 || kernel.Instructions[^1].Parts[0] is not ("ret" or "exit" or "bra" or "trap") || kernel.Instructions[^1].Guard is not null)
            throw text.Error($"kernel {kernel.Name} does not end in ret");
    }

    private void ReadParameters()
    {
        int offset = 0;
        while (!text.Accept(')'))
        {
            if (text.Dotted() != "param")
                throw text.Error($".param expected, found {text.Found()}");
            PtxVariable parameter = ReadDeclarator(PtxSpace.Parameter, false, text.Line);
            offset = (offset + parameter.Alignment - 1) / parameter.Alignment * parameter.Alignment;
            parameter.Offset = offset;
            offset += (int)parameter.Bytes;
            kernel.Parameters.Add(parameter);
            AddName(localNames, parameter);
            text.Accept(',');
        }
        kernel.ParameterBytes = offset;
        if (offset > 4096)
            throw text.Error($"kernel {kernel.Name} takes {offset} bytes of parameters, at most 4096 are allowed", kernel.Line);
    }

    private void KernelDirectives()
    {
        for (string word = text.Dotted(); word.Length > 0; word = text.Dotted())
        {
            switch (word)
            {
                case "maxntid":
                    kernel.MaximalThreads = Integers();
                    break;
                case "reqntid":
                    kernel.RequiredThreads = Integers();
                    break;
                case "minnctapersm":
                    kernel.MinimalBlocks = Integers()[0];
                    break;
                case "maxnreg":
                    kernel.MaximalRegisters = Integers()[0];
                    break;
                case "maxnctapersm" or "maxclusterrank" or "reqnctapercluster":
                    if (Integers().Any(x => x != 1) && word == "reqnctapercluster")
                        throw text.Error("clusters of more than one block are not emulated");
                    break;
                case "explicitcluster" or "noreturn":
                    break;
                case "pragma":
                    text.QuotedText();
                    text.Expect(';');
                    break;
                default:
                    throw text.Error($"unknown directive .{word}");
            }
        }
    }

    private int[] Integers()
    {
        var result = new List<int> { (int)text.Integer() };
        while (text.Accept(','))
            result.Add((int)text.Integer());
        return [.. result];
    }

    private void ReadBody()
    {
        for (; ; )
        {
            char c = text.Peek;
            int line = text.Line;
            if (c == '\0')
                throw text.Error("the kernel's closing brace is missing");
            if (text.Accept('}'))
                return;
            if (text.Accept(';'))
                continue;
            if (text.Accept('{'))
            {
                scope = new PtxScope(scope);
                ReadBody();
                CloseScope();
            }
            else if (c == '.')
                BodyDirective(line);
            else
                ReadStatement(line);
        }
    }

    private void CloseScope()
    {
        foreach ((LabelOperand label, int line) in scope.Pending)
        {
            if (scope.Labels.TryGetValue(label.Name, out int target))
                label.Target = target;
            else if (scope.Parent is null)
                throw text.Error($"'{label.Name}' is neither a register, a variable nor a label", line);
            else
                scope.Parent.Pending.Add((label, line));
        }
        scope = scope.Parent ?? scope;
    }

    private void BodyDirective(int line)
    {
        string word = text.Dotted();
        switch (word)
        {
            case "reg":
                ReadRegisters();
                break;
            case "local" or "shared":
                PtxVariable variable = ReadVariable(word, false, line);
                kernel.Variables.Add(variable);
                AddName(localNames, variable);
                break;
            case "pragma":
                text.QuotedText();
                text.Expect(';');
                break;
            case "loc":
                text.RestOfLine();
                break;
            default:
                throw text.Error($"unknown directive .{word}", line);
        }
    }

    private void ReadRegisters()
    {
        string word = text.Dotted();
        if (!PtxTypes.TryParse(word, out PtxType type) || type is PtxType.TF32 or PtxType.BF16 or PtxType.BF16x2)
            throw text.Error($"registers of type .{word} do not exist");
        if (type is PtxType.B8 or PtxType.U8 or PtxType.S8)
            throw text.Error($"registers are 16 bits wide at least, not .{word}");
        do
        {
            string name = text.ExpectName();
            bool added;
            if (text.Accept('<'))
            {
                added = scope.DeclareFamily(name, type, (int)text.Integer());
                text.Expect('>');
            }
            else
                added = scope.Declare(name, type);
            if (!added)
                throw text.Error($"register {name} is declared twice");
        }
        while (text.Accept(','));
        text.Expect(';');
    }

    private void ReadStatement(int line)
    {
        PtxRegister? guard = null;
        bool negated = false;
        if (text.Accept('@'))
        {
            negated = text.Accept('!');
            string name = text.ExpectName();
            guard = scope.Find(name, kernel.Registers) ?? throw text.Error($"predicate {name} is not declared", line);
            if (guard.Type != PtxType.Pred)
                throw text.Error($"{name} guards an instruction but is no predicate", line);
        }
        string opcode = text.Opcode();
        if (guard is null && text.Peek == ':')
        {
            text.Expect(':');
            if (!scope.Labels.TryAdd(opcode, kernel.Instructions.Count))
                throw text.Error($"label {opcode} stands twice", line);
            return;
        }
        var operands = new List<PtxOperand>();
        if (text.Peek != ';')
        {
            do
                operands.Add(ReadOperand());
            while (text.Accept(','));
        }
        if (!text.Accept(';'))
            throw text.Error($"',' or ';' expected, found {text.Found()}");
        kernel.Instructions.Add(new PtxInstruction
        {
            Opcode = opcode, Parts = opcode.Split('.'), Guard = guard, GuardNegated = negated, Operands = operands, Line = line,
        });
    }

    private PtxOperand ReadOperand()
    {
        if (text.Accept('['))
        {
            PtxOperand operand = ReadSimple();
            long offset = 0;
            while (text.Peek is '+' or '-')
            {
                bool minus = text.Accept('-');
                if (!minus)
                    text.Expect('+');
                offset += minus ? -text.Integer() : text.Integer();
            }
            VectorOperand? coordinates = null;
            if (text.Accept(','))
                coordinates = ReadOperand() as VectorOperand ?? throw text.Error("coordinates {…} expected after the tensor map's address");
            text.Expect(']');
            if (operand is SymbolOperand symbol)
                return new AddressOperand(new SymbolOperand(symbol.Variable, symbol.Offset + offset), 0, coordinates);
            return new AddressOperand(operand, offset, coordinates);
        }
        if (text.Accept('{'))
        {
            var items = new List<PtxOperand>();
            do
                items.Add(ReadSimple());
            while (text.Accept(','));
            text.Expect('}');
            return new VectorOperand(items);
        }
        PtxOperand first = ReadSimple();
        if (text.Accept('|'))
            return new PairOperand(first, ReadSimple());
        if (first is SymbolOperand s && text.Accept('+'))
            return new SymbolOperand(s.Variable, s.Offset + text.Integer());
        return first;
    }

    private PtxOperand ReadSimple()
    {
        if (text.AtNumber)
            return text.Number();
        bool negated = text.Accept('!');
        int line = text.Line;
        string name = text.ExpectName();
        if (name == "_")
            return new SinkOperand();
        PtxRegister? register = scope.Find(name, kernel.Registers);
        if (register is not null)
        {
            if (negated && register.Type != PtxType.Pred)
                throw text.Error($"{name} is negated but is no predicate");
            return new RegisterOperand(register, negated);
        }
        if (negated)
            throw text.Error($"predicate {name} is not declared");
        if (localNames.TryGetValue(name, out PtxVariable? variable) || variables.TryGetValue(name, out variable))
            return new SymbolOperand(variable, 0);
        if (name is "WARP_SZ")
            return new ImmediateOperand(32, ImmediateKind.Integer);
        if (name[0] == '%')
            return new SpecialOperand(name + text.Component());
        var label = new LabelOperand(name);
        scope.Pending.Add((label, line));
        return label;
    }
}
