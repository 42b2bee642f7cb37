import { contract } from './contract.fixture.ts';
import { densenet121 } from './densenet121.ts';

// Torchvision's table of models: 2.83 · 10⁹.
contract(densenet121, { multiplyAdds: 2.83e9, within: 0.005 });
