// AVBinding
